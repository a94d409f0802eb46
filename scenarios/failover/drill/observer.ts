import { setTimeout as delay } from 'node:timers/promises';
import { deadlineMs } from '../../../sandbox/core/deadlines.ts';
import { poll } from '../../../sandbox/core/poll.ts';
import type { NodeRole } from '../../../sandbox/engines/contract/topology.ts';
import type { History } from '../../history.ts';
import type { FailoverSubject } from '../subject.ts';

/** Pause between two looks at a node. */
const intervalMs = 50;

/** Watches who is what, and records each change. */
export interface Observer extends AsyncDisposable {
  /** The node that takes writes now, other than `except`; waits for one. */
  readonly primary: (except?: string) => Promise<string>;
}

/** Looks at each node on its own. Where roles cannot be asked for, the first node is taken for the primary. */
export function startObserver(subject: FailoverSubject, history: History, signal: AbortSignal): Observer {
  const over = new AbortController();
  const seen = new Map<string, NodeRole>();
  const { roleOf } = subject;
  const watch = async (node: string): Promise<void> => {
    while (!over.signal.aborted && roleOf !== undefined) {
      const role = await roleOf(node).catch(() => ({ node, role: 'down' }));
      if (over.signal.aborted) return;
      const word = wordOf(subject, role);
      const before = seen.get(node);
      seen.set(node, role);
      if (before === undefined || wordOf(subject, before) !== word) {
        history.record({ process: 'observer', type: 'info', operation: 'role', node, role: word });
      }
      await delay(intervalMs, undefined, { signal: over.signal }).catch(() => {});
    }
  };
  const watches = subject.nodes.map(watch);
  return {
    primary: (except) =>
      poll(
        () => {
          if (roleOf === undefined) return subject.nodes[0];
          return [...seen.values()].find((role) => role.node !== except && subject.isPrimary(role))?.node;
        },
        {
          timeoutMs: deadlineMs('topologyConverged'),
          signal,
          onTimeout: () => new Error(`no node${except === undefined ? '' : ` but ${except}`} became the primary`),
        },
      ),
    [Symbol.asyncDispose]: async () => {
      over.abort();
      await Promise.all(watches);
    },
  };
}

function wordOf(subject: FailoverSubject, role: NodeRole): string {
  return subject.isPrimary(role) ? 'primary' : role.role;
}
