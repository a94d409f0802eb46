import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Engine } from '../../sandbox/engines/engine.ts';
import type { Failover } from '../../sandbox/engines/failover.ts';
import { openClient } from '../../sandbox/engines/postgresql/connection.ts';
import { postgresql } from '../../sandbox/engines/postgresql/engine.ts';
import { currentPrimary } from '../../sandbox/engines/postgresql/rejoin.ts';
import type { RunningEngine } from '../../sandbox/engines/topology.ts';
import type { SetClient, Workload } from '../../sandbox/engines/workloads.ts';
import { createStack, type Stack } from '../../sandbox/stack/create-stack.ts';
import { checkHistory } from '../../scenarios/check-history.ts';
import { runDrill } from '../../scenarios/failover/drill.ts';
import { requireKept } from '../../scenarios/failover/judge.ts';
import { recoveryPointOfAll } from '../../scenarios/failover/losses.ts';
import { begin, enough, type Schedule } from '../../scenarios/failover/schedule.ts';
import { breakPrimary, comeBack, type PrimaryFault } from '../../scenarios/failover/steps.ts';
import { type Subject, subjectOf } from '../../scenarios/failover/subject.ts';
import { workloadKinds } from '../../scenarios/failover/workload-kinds.ts';
import { createHistory } from '../../scenarios/history.ts';
import { recoveryTimesOf } from '../../scenarios/recovery-times.ts';
import { followingSet } from './support/following-client.ts';

vi.setConfig({ testTimeout: 300_000 });

const failover = postgresql.failover as Failover;
const set = postgresql.workloads.set as Workload<SetClient>;

let stack: Stack<'postgresql'>;
let running: RunningEngine;

beforeAll(async () => {
  stack = await createStack({ engines: ['postgresql'], topologies: { postgresql: 'replicated' }, size: 'none' });
  running = stack.engines.postgresql;
});
afterAll(() => stack?.dispose());

/** The place that the set is in belongs to the superuser: an application gets rights to it. */
async function prepare(): Promise<void> {
  await set.prepare(running);
  const primary = await currentPrimary(running, running.nodes);
  await using opened = await openClient(primary, running.secrets, { database: 'taishang_users' });
  await opened.client.query('GRANT USAGE ON SCHEMA drill TO taishang_user');
  await opened.client.query('GRANT SELECT, INSERT ON drill.set TO taishang_user');
}

/** Nobody but the watcher notices, promotes or lets an old primary rejoin. */
function watchedSubject(): Subject {
  const { detect: _, promote: __, rejoin: ___, replace: ____, ...byTheWatcher } = failover;
  return subjectOf(postgresql as unknown as Engine, byTheWatcher, running, stack.faults);
}

/** The clients work again before anything is healed. */
const untilTheyWork = (kind: PrimaryFault): Schedule => ({
  name: `${kind}-primary-with-watcher`,
  title: kind,
  timed: kind,
  run: async (run) => {
    await using watch = await begin(run);
    const old = await breakPrimary(run, watch, kind, enough);
    await comeBack(run, old, kind);
    await run.clients.acknowledged(enough);
  },
});

test.each(['kill'] as const)(
  '%s: a standby takes over, nothing acknowledged is lost, the old primary follows',
  async (kind) => {
    const history = createHistory();
    const outcome = await runDrill({
      subject: watchedSubject(),
      schedule: untilTheyWork(kind),
      kind: workloadKinds.set,
      prepare,
      open: async () => followingSet(stack.environment.DATABASE_FOLLOWING_URL ?? ''),
      ...(set.openMember === undefined
        ? {}
        : { openMember: (node: string) => set.openMember?.(running, node) as never }),
      history,
      seed: 1,
      signal: new AbortController().signal,
    });
    checkHistory(history.events);
    requireKept(
      outcome,
      { promise: 'nothing acknowledged is lost', lossWindowMs: 0 },
      recoveryPointOfAll(history.events),
    );
    expect(outcome.members).toHaveLength(3);
    const [times] = recoveryTimesOf(history.events, kind);
    console.log(JSON.stringify(times), outcome.findings);
    const roles = (await postgresql.roles?.(running)) ?? [];
    expect(roles.filter(failover.isPrimary)).toHaveLength(1);
    expect(roles.filter(({ role }) => role === 'standby')).toHaveLength(2);
  },
);
