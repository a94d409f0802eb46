import { targetsOf } from '../../containers/faults/fault-targets.ts';
import { deadlineMs } from '../../core/deadlines.ts';
import { poll } from '../../core/poll.ts';
import { withoutUndefined } from '../../core/without-undefined.ts';
import type { Engine } from '../../engines/contract/engine.ts';
import type { NodeRole, RunningEngine } from '../../engines/contract/topology.ts';
import { isLeader } from './node-by-role.ts';
import { type KnownEngine, knownStack, rolesOf, type TopologyOptions } from './stack-topology.ts';
import { watcherOf } from './watcher-decisions.ts';

/** A node that a fault is about to be made on, and what it is. */
export interface BrokenNode {
  readonly engine: string;
  readonly node: string;
  readonly role: string;
}

/** Who has taken over, how long after the fault, and what the watcher said of it; or why nobody will. */
export type Takeover =
  | { readonly node: string; readonly afterMs: number; readonly decision?: string }
  | { readonly nobody: string };

export interface TakeoverWatch {
  readonly broken: BrokenNode;
  /** Returns once another node has taken over, or it is clear that none will. */
  readonly outcome: (
    fault: {
      /** By our clock, in milliseconds since 1970. */
      readonly atMs: number;
      /** How far the clock of the container engine, which the watcher goes by, is before ours. */
      readonly engineLeadMs: number;
    },
    signal: AbortSignal,
  ) => Promise<Takeover>;
}

/**
 * Looks at a node before a fault is made on it. `undefined` where its loss is none of a primary: it has no engine here, or
 * its engine has one node, or other nodes take the writes.
 */
export async function watchTakeover(options: TopologyOptions, node: string): Promise<TakeoverWatch | undefined> {
  const { name: stack, engines } = await knownStack(options);
  const found = engines.find(({ running }) => running.nodes.some(({ name }) => name === node));
  if (found === undefined || found.running.nodes.length === 1) return undefined;
  const { engine, running } = found;
  const before = await rolesBefore(found, stack);
  const primaries = before.filter(({ role }) => isLeader(role)).map((each) => each.node);
  if (!primaries.includes(node)) return undefined;
  const role = before.find((each) => each.node === node)?.role ?? 'unknown';
  const outcome: TakeoverWatch['outcome'] = async ({ atMs, engineLeadMs }, signal) => {
    const sinceMs = atMs + engineLeadMs;
    const reason = whyNobody(engine, running);
    if (reason !== undefined) return { nobody: reason };
    const timeoutMs = deadlineMs('topologyConverged');
    const next = await poll(
      async () => {
        const roles: readonly NodeRole[] = await rolesOf(found);
        const next = roles.find((each) => isLeader(each.role) && !primaries.includes(each.node));
        return next && { node: next.node, afterMs: Math.max(0, Date.now() - atMs) };
      },
      { timeoutMs, intervalMs: 50, signal, onTimeout: () => new Error('nobody took over') },
    ).catch((thrown: unknown) => {
      signal.throwIfAborted();
      if (!(thrown instanceof Error) || thrown.message !== 'nobody took over') throw thrown;
    });
    if (next === undefined) {
      const [reason] = await decisionsSince(running, sinceMs, 'nobody takes over: ');
      return { nobody: `nobody took over within ${timeoutMs / 1_000} s; ${reason ?? '`logs` says more'}` };
    }
    const decision = await decisionOn(next.node, running, sinceMs, signal);
    return { ...next, ...withoutUndefined({ decision }) };
  };
  return { broken: { engine: engine.name, node, role }, outcome };
}

/**
 * What the nodes are before the fault. One that runs and gives no answer is asked again: as `down`, a primary would not be
 * missed, and another one would seem to have taken over once it answers.
 */
async function rolesBefore(known: KnownEngine, stack: string): Promise<readonly NodeRole[]> {
  const targets = await targetsOf(stack);
  let roles: readonly NodeRole[] = [];
  const look = async () => {
    roles = await rolesOf(known);
    return roles.every(({ node, role }) => role !== 'down' || targets.get(node)?.state !== 'running');
  };
  await poll(look, { timeoutMs: deadlineMs('roleKnown'), onTimeout: () => new Error('one stays silent') }).catch(
    () => {},
  );
  return roles;
}

/** What the watcher said since, the last one first, that begins so. */
async function decisionsSince(running: RunningEngine, sinceMs: number, beginning: string): Promise<readonly string[]> {
  const { decisions = [] } = (await watcherOf(running)) ?? {};
  const since = decisions.filter(({ at, text }) => Date.parse(at) >= sinceMs && text.startsWith(beginning));
  return since.map(({ text }) => text).toReversed();
}

/** It is said once all is done, a moment after the node takes writes. `undefined` where nobody says it. */
async function decisionOn(
  node: string,
  running: RunningEngine,
  sinceMs: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (running.watcher === undefined) return undefined;
  return poll(async () => (await decisionsSince(running, sinceMs, `${node} took over`))[0], {
    timeoutMs: deadlineMs('statement'),
    signal,
    onTimeout: () => new Error('the watcher said nothing'),
  }).catch(() => {
    signal.throwIfAborted();
    return undefined;
  });
}

/** An engine that is promoted by others, of which there is none. */
function whyNobody({ failover }: Engine, { watcher }: RunningEngine): string | undefined {
  if (failover?.promote === undefined || watcher !== undefined) return undefined;
  return 'nobody takes over: the stack has no watcher';
}
