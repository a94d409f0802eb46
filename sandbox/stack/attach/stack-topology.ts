import { sortedFaults } from '../../containers/faults/lasting-faults.ts';
import { labelNames } from '../../containers/runtime/labels.ts';
import type { FoundContainer } from '../../containers/runtime/objects.ts';
import { withoutUndefined } from '../../core/without-undefined.ts';
import type { Engine } from '../../engines/contract/engine.ts';
import type { NodeRole, RunningEngine } from '../../engines/contract/topology.ts';
import { type EngineName, engineNames } from '../../engines/engine-names.ts';
import { loadEngines } from '../../engines/load-engines.ts';
import { attachPresent, attachState } from './attach-stack.ts';
import { type WatcherTopology, watcherOf } from './watcher-decisions.ts';

/** `sandbox topology --format json`. */
export interface StackTopology {
  readonly version: 1;
  readonly stack: string;
  readonly engines: readonly EngineTopology[];
}

export interface EngineTopology {
  readonly engine: string;
  readonly topology: string;
  readonly nodes: readonly NodeTopology[];
  /** Absent: the engine sees to its failover itself, or nobody does. */
  readonly watcher?: WatcherTopology;
}

export interface NodeTopology extends NodeRole {
  readonly host: string;
  readonly port: number;
  /** Kinds of the faults that last on it. */
  readonly faults: readonly string[];
}

/** Which stack, and which of its engines. Default: those that it has. */
export interface TopologyOptions {
  readonly directory?: string;
  readonly name?: string;
  readonly engines?: readonly EngineName[];
}

/** An engine of a stack. */
export interface KnownEngine {
  readonly engine: Engine;
  readonly running: RunningEngine;
  /** Whether somebody has removed its containers: its ports may be others' by now. */
  readonly isGone: boolean;
}

/** What the container engine knows of a stack: its nodes, and the faults that last on them. */
export interface KnownStack {
  readonly name: string;
  readonly engines: readonly KnownEngine[];
  readonly faults: readonly FoundContainer[];
}

/** Asks every node of a stack what it is now; nodes that are down are in it as `down`. Throws `STACK_NOT_RUNNING`. */
export async function stackTopology(options: TopologyOptions): Promise<StackTopology> {
  const stack = await knownStack(options);
  const engines = await Promise.all(
    stack.engines.map(async (known) => {
      const { running } = known;
      const [roles, watcher] = await Promise.all([rolesOf(known), watcherOf(running)]);
      return describe(running, roles, stack.faults, watcher);
    }),
  );
  return { version: 1, stack: stack.name, engines };
}

/** Asks no node. Throws `STACK_NOT_RUNNING`. */
export async function knownStack(options: TopologyOptions): Promise<KnownStack> {
  const {
    identity,
    engines: there,
    gone,
  } = await (options.engines === undefined ? attachPresent : attachState)(options);
  const known = new Map([...there, ...gone]);
  const names = engineNames.filter((name) => known.has(name));
  const [loaded, { lasting: faults }] = await Promise.all([loadEngines(names), sortedFaults(identity.name)]);
  const engines = loaded.map((engine) => ({
    engine,
    running: known.get(engine.name) as RunningEngine,
    isGone: gone.has(engine.name),
  }));
  return { name: identity.name, engines, faults };
}

/** What each node says that it is now; where they cannot be asked, what they were started as. */
export async function rolesOf({ engine, running, isGone }: KnownEngine): Promise<readonly NodeRole[]> {
  if (isGone) return running.nodes.map(({ name }) => ({ node: name, role: 'down' }));
  return (await engine.failover?.roles?.(running)) ?? running.nodes.map(({ name, role }) => ({ node: name, role }));
}

export function describe(
  { engine, topology, nodes }: RunningEngine,
  roles: readonly NodeRole[],
  faults: readonly FoundContainer[],
  watcher?: WatcherTopology,
): EngineTopology {
  return {
    engine,
    topology,
    nodes: nodes.map(({ name, host, port }) => ({
      ...(roles.find(({ node }) => node === name) ?? { node: name, role: 'unknown' }),
      host,
      port,
      faults: faults
        .filter(({ labels }) => labels[labelNames.faultNode] === name)
        .map(({ labels }) => labels[labelNames.fault] ?? ''),
    })),
    ...withoutUndefined({ watcher }),
  };
}
