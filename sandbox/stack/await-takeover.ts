import { deadlineMs } from '../core/deadlines.ts';
import { poll } from '../core/poll.ts';
import type { Engine } from '../engines/engine.ts';
import type { NodeRole, RunningEngine } from '../engines/topology.ts';
import { isLeader } from './node-by-role.ts';
import { knownStack, rolesOf, type TopologyOptions } from './stack-topology.ts';

/** A node that a fault is about to be made on, and what it is. */
export interface BrokenNode {
  readonly engine: string;
  readonly node: string;
  readonly role: string;
}

/** Who has taken over, and how long after the fault; or why nobody will. */
export type Takeover = { readonly node: string; readonly afterMs: number } | { readonly nobody: string };

export interface TakeoverWatch {
  readonly broken: BrokenNode;
  /** Returns once another node has taken over, or it is clear that none will. `faultAtMs`: since 1970. */
  readonly outcome: (faultAtMs: number, signal: AbortSignal) => Promise<Takeover>;
}

/**
 * Looks at a node before a fault is made on it. `undefined` where its loss is none of a primary: it has no engine here, or
 * its engine has one node, or other nodes take the writes.
 */
export async function watchTakeover(options: TopologyOptions, node: string): Promise<TakeoverWatch | undefined> {
  const { engines } = await knownStack(options);
  const found = engines.find(({ running }) => running.nodes.some(({ name }) => name === node));
  if (found === undefined || found.running.nodes.length === 1) return undefined;
  const { engine, running } = found;
  const before = await rolesOf(engine, running);
  const primaries = before.filter(({ role }) => isLeader(role)).map((each) => each.node);
  if (!primaries.includes(node)) return undefined;
  const role = before.find((each) => each.node === node)?.role ?? 'unknown';
  const outcome = async (faultAtMs: number, signal: AbortSignal): Promise<Takeover> => {
    const reason = whyNobody(engine, running);
    if (reason !== undefined) return { nobody: reason };
    const timeoutMs = deadlineMs('topologyConverged');
    return poll(
      async () => {
        const roles: readonly NodeRole[] = await rolesOf(engine, running);
        const next = roles.find((each) => isLeader(each.role) && !primaries.includes(each.node));
        return next && { node: next.node, afterMs: Math.max(0, Date.now() - faultAtMs) };
      },
      { timeoutMs, intervalMs: 50, signal, onTimeout: () => new Error('nobody took over') },
    ).catch((thrown: unknown) => {
      signal.throwIfAborted();
      if (!(thrown instanceof Error) || thrown.message !== 'nobody took over') throw thrown;
      return { nobody: `nobody took over within ${timeoutMs / 1_000} s; \`logs\` says more` };
    });
  };
  return { broken: { engine: engine.name, node, role }, outcome };
}

/** An engine that is promoted by others, of which there is none. */
function whyNobody({ failover }: Engine, { watcher }: RunningEngine): string | undefined {
  if (failover?.promote === undefined || watcher !== undefined) return undefined;
  return 'nobody takes over: the stack has no watcher';
}
