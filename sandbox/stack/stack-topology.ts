import { findFaults } from '../containers/fault-records.ts';
import { labelNames } from '../containers/labels.ts';
import { type EngineName, engineNames } from '../engines/index.ts';
import type { NodeRole, RunningEngine } from '../engines/topology.ts';
import { attachState } from './attach-stack.ts';
import { loadEngines } from './load-engines.ts';

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
}

export interface NodeTopology extends NodeRole {
  readonly host: string;
  readonly port: number;
  /** Kinds of the faults that last on it. */
  readonly faults: readonly string[];
}

/** Asks every node of a stack what it is now; nodes that are down are in it as `down`. Throws `STACK_NOT_RUNNING`. */
export async function stackTopology(options: {
  readonly directory?: string;
  readonly name?: string;
  readonly engines?: readonly EngineName[];
}): Promise<StackTopology> {
  const { identity, engines: known } = await attachState(options);
  const names = engineNames.filter((name) => known.has(name));
  const [loaded, faults] = await Promise.all([loadEngines(names), findFaults({ [labelNames.stack]: identity.name })]);
  const engines = await Promise.all(
    loaded.map(async (engine) => {
      const running = known.get(engine.name as EngineName) as RunningEngine;
      const roles = await (engine.roles?.(running) ?? rolesAtStart(running));
      const nodes = running.nodes.map((node) => ({
        ...(roles.find((role) => role.node === node.name) ?? { node: node.name, role: 'unknown' }),
        host: node.host,
        port: node.port,
        faults: faults
          .filter(({ labels }) => labels[labelNames.faultNode] === node.name)
          .map(({ labels }) => labels[labelNames.fault] ?? ''),
      }));
      return { engine: engine.name, topology: running.topology, nodes };
    }),
  );
  return { version: 1, stack: identity.name, engines };
}

function rolesAtStart({ nodes }: RunningEngine): readonly NodeRole[] {
  return nodes.map(({ name, role }) => ({ node: name, role }));
}
