import type { Fault } from '../../sandbox/containers/faults/fault-kinds.ts';
import type { Faults, MadeFault } from '../../sandbox/containers/faults/faults.ts';
import { deadlineMs } from '../../sandbox/core/deadlines.ts';
import { poll } from '../../sandbox/core/poll.ts';
import type { Engine } from '../../sandbox/engines/contract/engine.ts';
import type { Failover, RejoinReport } from '../../sandbox/engines/contract/failover.ts';
import type { NodeRole, RunningEngine } from '../../sandbox/engines/contract/topology.ts';

/** What a drill breaks: a running engine and its faults, by the names of its nodes. */
export interface FailoverSubject {
  readonly nodes: readonly string[];
  readonly isPrimary: (role: NodeRole) => boolean;
  /** What one node is now. Absent: the nodes keep the roles that they were started with. */
  readonly roleOf?: (node: string) => Promise<NodeRole>;
  /** All of them, with whom they follow. */
  readonly rolesOfAll?: () => Promise<readonly NodeRole[]>;
  readonly inject: (fault: Fault) => Promise<MadeFault>;
  readonly heal: (node?: string) => Promise<unknown>;
  readonly detect?: (primary: string, signal: AbortSignal) => Promise<void>;
  readonly untilWritable?: (node: string, signal: AbortSignal) => Promise<void>;
  readonly promote?: () => Promise<string>;
  readonly rejoin?: (node: string) => Promise<RejoinReport>;
  readonly replace?: (node: string) => Promise<void>;
  /** Every node answers, and follows as it should. */
  readonly settle: () => Promise<void>;
  readonly refresh?: () => Promise<void>;
  readonly weaken?: () => Promise<void>;
}

export function subjectOf(engine: Engine, failover: Failover, running: RunningEngine, faults: Faults): FailoverSubject {
  const { detect, untilWritable, promote, rejoin, replace, settle, refresh, weaken, roles } = failover;
  return {
    nodes: running.nodes.map(({ name }) => name),
    isPrimary: failover.isPrimary,
    ...(roles === undefined
      ? {}
      : { roleOf: (node) => roleOf(roles, running, node), rolesOfAll: () => roles(running) }),
    inject: faults.inject,
    heal: faults.heal,
    ...(detect === undefined ? {} : { detect: (primary, signal) => detect(running, primary, signal) }),
    ...(untilWritable === undefined ? {} : { untilWritable: (node, signal) => untilWritable(running, node, signal) }),
    ...(promote === undefined ? {} : { promote: () => promote(running) }),
    ...(rejoin === undefined ? {} : { rejoin: (node) => rejoin(running, node) }),
    ...(replace === undefined ? {} : { replace: (node) => replace(running, node) }),
    settle: async () => {
      await Promise.all(running.nodes.map((node) => untilItAnswers(engine, running, node)));
      await settle?.(running);
    },
    ...(refresh === undefined || running.topology === 'standalone' ? {} : { refresh: () => refresh(running) }),
    ...(weaken === undefined ? {} : { weaken: () => weaken(running) }),
  };
}

/** Nodes that follow this one. Where roles cannot be asked for, all others. */
export async function followersOf({ nodes, rolesOfAll }: FailoverSubject, primary: string): Promise<readonly string[]> {
  if (rolesOfAll === undefined) return nodes.filter((node) => node !== primary);
  return (await rolesOfAll()).flatMap(({ node, follows }) => (follows === primary ? [node] : []));
}

/** Of one node alone: one that gives no answer must not hold up the others. */
async function roleOf(roles: NonNullable<Failover['roles']>, running: RunningEngine, node: string): Promise<NodeRole> {
  const [role] = await roles({ ...running, nodes: running.nodes.filter(({ name }) => name === node) });
  return role ?? { node, role: 'down' };
}

function untilItAnswers(engine: Engine, running: RunningEngine, node: RunningEngine['nodes'][number]): Promise<string> {
  return poll(() => engine.probe(node, running.secrets), {
    timeoutMs: deadlineMs('nodeReady'),
    onTimeout: (last) => new Error(`${node.name} does not come back: ${String(last)}`),
  });
}
