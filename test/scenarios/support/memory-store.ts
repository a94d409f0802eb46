import { setTimeout as delay } from 'node:timers/promises';
import type { SetClient } from '../../../sandbox/engines/contract/workloads.ts';
import { type DrillOptions, runFailoverDrill } from '../../../scenarios/failover/drill/drill.ts';
import type { FaultSchedule } from '../../../scenarios/failover/schedules/schedule.ts';
import type { FailoverSubject } from '../../../scenarios/failover/subject.ts';
import { createHistory, type History } from '../../../scenarios/history.ts';
import { workloadKinds } from '../../../scenarios/workloads/workload-kinds.ts';

/** A made-up primary with one follower, in memory, whose replication can be cut. */
export interface MemoryStore {
  readonly subject: FailoverSubject;
  readonly open: () => Promise<SetClient & AsyncDisposable>;
  readonly openMember: (node: string) => Promise<SetClient & AsyncDisposable>;
}

/**
 * `waits`: a write is acknowledged only once the follower has it, unless the store is weakened. Without `follows`
 * (default: true) it has what the last refresh gave it.
 */
export function createMemoryStore({
  waits,
  follows = true,
}: {
  readonly waits: boolean;
  readonly follows?: boolean;
}): MemoryStore {
  const data = new Map<string, Set<number>>([
    ['a', new Set()],
    ['b', new Set()],
  ]);
  const down = new Set<string>();
  const cut = new Set<string>();
  let primary = 'a';
  let strict = waits;
  const other = (node: string) => (node === 'a' ? 'b' : 'a');
  const roleOf = async (node: string) => ({
    node,
    role: down.has(node) ? 'down' : node === primary ? 'primary' : 'replica',
    ...(node === primary ? {} : { follows: primary }),
  });
  const subject: FailoverSubject = {
    nodes: ['a', 'b'],
    isPrimary: ({ role }) => role === 'primary',
    roleOf,
    rolesOfAll: () => Promise.all(['a', 'b'].map(roleOf)),
    inject: async (fault) => {
      if (fault.kind !== 'partition') (fault.kind === 'kill' ? down : cut).add(fault.node);
      return {};
    },
    heal: async (node) => {
      for (const each of node === undefined ? ['a', 'b'] : [node]) {
        down.delete(each);
        cut.delete(each);
      }
    },
    promote: async () => {
      primary = other(primary);
      return primary;
    },
    rejoin: async (node) => {
      data.set(node, new Set(data.get(primary)));
      return { node, primary, givenUp: [] };
    },
    settle: async () => {},
    ...(follows
      ? {}
      : {
          refresh: async () => {
            data.set(other(primary), new Set(data.get(primary)));
          },
        }),
    untilWritable: async (node, signal) => {
      while (!signal.aborted && (down.has(node) || node !== primary)) await delay(1);
    },
    weaken: async () => {
      strict = false;
    },
  };
  const add = async (value: number) => {
    await delay(1);
    if (down.has(primary)) return 'info' as const;
    const follower = other(primary);
    const reaches = follows && !down.has(follower) && !cut.has(follower);
    data.get(primary)?.add(value);
    if (reaches) data.get(follower)?.add(value);
    return reaches || !strict || down.has(follower) ? ('ok' as const) : ('info' as const);
  };
  const clientOf = (node: () => string) => ({
    add,
    readAll: async () => [...(data.get(node()) ?? [])],
    [Symbol.asyncDispose]: async () => {},
  });
  return { subject, open: async () => clientOf(() => primary), openMember: async (node) => clientOf(() => node) };
}

export function drillInMemory(
  store: MemoryStore,
  schedule: FaultSchedule,
  options: { readonly seed?: number; readonly history?: History } = {},
) {
  const { history = createHistory(), seed = 1 } = options;
  const full: DrillOptions<SetClient> = {
    ...store,
    schedule,
    kind: workloadKinds.set,
    prepare: async () => {},
    history,
    seed,
    signal: new AbortController().signal,
  };
  return runFailoverDrill(full).then((outcome) => ({ outcome, history }));
}
