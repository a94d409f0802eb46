import { afterAll, beforeAll, expect, test } from 'vitest';
import { fatal } from '../../../sandbox/core/poll.ts';
import type { Engine } from '../../../sandbox/engines/contract/engine.ts';
import type { Failover } from '../../../sandbox/engines/contract/failover.ts';
import type { NodeRole, RunningEngine } from '../../../sandbox/engines/contract/topology.ts';
import type { SetClient, Workload } from '../../../sandbox/engines/contract/workloads.ts';
import { postgresql } from '../../../sandbox/engines/postgresql/engine.ts';
import { currentPrimary } from '../../../sandbox/engines/postgresql/failover/rejoin.ts';
import { openClient } from '../../../sandbox/engines/postgresql/server/connection.ts';
import { watcherOf } from '../../../sandbox/stack/attach/watcher-decisions.ts';
import { createStack, type Stack } from '../../../sandbox/stack/create-stack.ts';
import { checkHistory } from '../../../scenarios/check-history.ts';
import { runFailoverDrill } from '../../../scenarios/failover/drill/drill.ts';
import { breakPrimary, comeBack, type PrimaryFault } from '../../../scenarios/failover/drill/steps.ts';
import { requireKept } from '../../../scenarios/failover/judge/judge.ts';
import { recoveryPointOfAll } from '../../../scenarios/failover/judge/losses.ts';
import { begin, enough, type FaultSchedule } from '../../../scenarios/failover/schedules/schedule.ts';
import { type FailoverSubject, subjectOf } from '../../../scenarios/failover/subject.ts';
import { createHistory, type HistoryEvent } from '../../../scenarios/history.ts';
import { recoveryTimesOf } from '../../../scenarios/recovery-times.ts';
import { workloadKinds } from '../../../scenarios/workloads/workload-kinds.ts';
import { followingSet } from './following-client.ts';
import { eventually } from './write-through.ts';

const set = postgresql.failover.workloads.set as Workload<SetClient>;

export const failover = postgresql.failover as Failover;

/** A primary and two standbys of PostgreSQL with their watcher, one for all tests of a file. */
export interface WatchedStack {
  readonly stack: () => Stack<'postgresql'>;
  readonly running: () => RunningEngine;
  /** The name of the primary, which the others follow. */
  readonly expectOnePrimary: () => Promise<string>;
  /** Runs a drill in which nobody but the watcher promotes, and holds that nothing acknowledged is lost. */
  readonly drill: (schedule: FaultSchedule) => Promise<readonly HistoryEvent[]>;
}

export function useWatchedStack(): WatchedStack {
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
  function watchedSubject(): FailoverSubject {
    const { detect: _, promote: __, rejoin: ___, replace: ____, ...byTheWatcher } = failover;
    const subject = subjectOf(postgresql as unknown as Engine, byTheWatcher, running, stack.faults);
    return { ...subject, rolesOfAll: allRoles };
  }

  /** On a busy machine a member may need longer to say what it is than `topology` waits. */
  function allRoles(): Promise<readonly NodeRole[]> {
    return eventually('every member says what it is', async () => {
      const found = (await postgresql.failover.roles?.(running)) ?? [];
      return found.every(({ role }) => role !== 'down') && found;
    });
  }

  async function drill(schedule: FaultSchedule): Promise<readonly HistoryEvent[]> {
    const history = createHistory();
    const outcome = await runFailoverDrill({
      subject: watchedSubject(),
      schedule,
      kind: workloadKinds.set,
      prepare,
      open: async () => followingSet(stack.environment.DATABASE_FOLLOWING_URL ?? ''),
      openMember: async (node) => openMember(node),
      history,
      seed: 1,
      signal: new AbortController().signal,
    });
    const { events } = history;
    checkHistory(events);
    requireKept(outcome, { promise: 'nothing acknowledged is lost', lossWindowMs: 0 }, recoveryPointOfAll(events));
    expect(outcome.members).toHaveLength(3);
    return events;
  }

  async function openMember(node: string): Promise<SetClient & AsyncDisposable> {
    if (set.openMember === undefined) throw new Error('a member cannot be read by itself');
    return set.openMember(running, node);
  }

  /** A standby that is told whom to follow follows nobody for a moment; two primaries there are at no moment. */
  function expectOnePrimary(): Promise<string> {
    return eventually('both others follow one primary', async () => {
      const roles = await allRoles();
      const primaries = roles.filter(failover.isPrimary).map(({ node }) => node);
      if (primaries.length > 1) throw fatal(new Error(`${primaries.join(' and ')} are primaries`));
      const followers = roles.filter(({ follows }) => follows !== undefined && follows === primaries[0]);
      return followers.length === 2 && primaries[0];
    });
  }

  return { stack: () => stack, running: () => running, expectOnePrimary, drill };
}

/** The clients work again before anything is healed. */
const untilTheyWork = (kind: PrimaryFault): FaultSchedule => ({
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

/** A test for each fault of the primary. */
export function testFaultsOfPrimary(
  { running, expectOnePrimary, drill }: WatchedStack,
  kinds: readonly PrimaryFault[],
): void {
  test.each(kinds)(
    'after a fault (%s) of the primary clients work again before anything is healed, and the old one comes back as a standby',
    async (kind) => {
      const before = await expectOnePrimary();
      const events = await drill(untilTheyWork(kind));
      const [times] = recoveryTimesOf(events, kind);
      expect(times).toMatchObject({ node: before, promoteMs: expect.any(Number), firstWriteMs: expect.any(Number) });
      expect(await expectOnePrimary()).not.toBe(before);
      const decisions = (await watcherOf(running()))?.decisions.map(({ text }) => text).join('\n') ?? '';
      expect(decisions).toMatch(new RegExp(`took over from ${before} after \\d+ ms`));
    },
  );
}
