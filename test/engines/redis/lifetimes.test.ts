import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { choosePaths, runnable } from '../../../bench/measure/subjects.ts';
import type { NodeHandle } from '../../../sandbox/containers/nodes/node-spec.ts';
import { checkAcrossStores } from '../../../sandbox/cross-store/check-across-stores.ts';
import type { RestoreRun } from '../../../sandbox/engines/contract/backup.ts';
import type { RunningEngine } from '../../../sandbox/engines/contract/topology.ts';
import { redis } from '../../../sandbox/engines/redis/engine.ts';
import { lifetimesS } from '../../../sandbox/engines/redis/schema/cache.ts';
import { differenceOf } from '../../../sandbox/engines/shared/backup/fingerprint-difference.ts';
import { createStack, type Stack } from '../../../sandbox/stack/create-stack.ts';
import type { Dataset } from '../../../seeds/dataset.ts';
import { check } from '../../bench/support/checked-paths.ts';
import { moveClockOf, movedClock, withVariables } from '../../support/moved-clock.ts';
import { backupOf, takeBackup } from '../support/backups.ts';

const minuteS = 60;
const dayS = 86_400;
const yearS = 365 * dayS;
const report = { advance: () => {}, summarise: () => {} };

let stack: Stack<'redis'>;
let running: RunningEngine;
let dataset: Dataset;
const client = () => stack.clients.redis;
const moveTo = (offsetS: number) => moveClockOf(running.nodes as readonly NodeHandle[], offsetS);
const compare = () => checkAcrossStores([redis], new Map([['redis', running]]), dataset);

beforeAll(async () => {
  using _ = withVariables(await movedClock(['redis'], 0));
  stack = await createStack({
    engines: ['redis'],
    size: { users: 60, contents: 60, conversations: 60, knowledge: 20 },
  });
  running = stack.engines.redis;
  dataset = stack.dataset as Dataset;
});
afterAll(() => stack?.dispose());
afterEach(async () => {
  await moveTo(0);
  // By the clock that was moved on it lives for another year.
  await client().del('conversation:own');
  await redis.data.load(running, dataset, report);
});

test.each([minuteS, 31 * minuteS, 61 * minuteS, dayS, 30 * dayS, yearS])(
  'after %i s the store knows what it was loaded with',
  async (ageS) => {
    await moveTo(ageS);
    expect(await redis.data.loadedFingerprint(running)).toBe(await dataset.fingerprint());
    const { ok, checks } = await compare();
    const expired = ageS >= lifetimesS.user ? { expired: dataset.counts.users } : {};
    expect({ ok, checks }).toEqual({
      ok: true,
      checks: [{ name: 'redis holds each user', compared: dataset.counts.users, differences: 0, ...expired }],
    });
  },
);

test('a key that is missing before its time is a difference, and so is one that is there and wrong after it', async () => {
  const [key = ''] = await client().keys('user:*');
  const value = (await client().get(key)) ?? '';
  await moveTo(59 * minuteS);
  await client().del(key);
  expect(await compare()).toMatchObject({ ok: false, checks: [{ differences: 1 }] });
  await moveTo(dayS);
  await client().set(key, value.replace(/"silicon_level":\d/, '"silicon_level":9'));
  expect(await compare()).toMatchObject({ ok: false, checks: [{ differences: 1, expired: dataset.counts.users - 1 }] });
});

describe.each([31 * minuteS, dayS, yearS])('a store of %i s', (ageS) => {
  test('keeps every promise of its contract', async () => {
    await moveTo(ageS);
    for (const { run } of redis.schema.contract) await run(running, dataset);
  });

  test('gives the answers of the cached paths, which fill the cache again', async () => {
    await moveTo(ageS);
    const subjects = choosePaths({ engines: [redis], dataset, running: new Map([['redis', running]]) }, 0);
    const { subjects: ready, notRun } = await runnable(subjects);
    expect(notRun).toEqual([]);
    for (const { path, plan, answer } of await check(ready)) {
      expect({ path, plan: plan.ok, answer: answer.ok }).toEqual({ path, plan: true, answer: true });
    }
  });

  test('has what expired cached again, and what somebody has written since left as it is', async () => {
    const conversations = (await client().keys('conversation:*')).length;
    await moveTo(ageS);
    await client().set('conversation:own', 'written since', 'EX', 1);
    const refilled = (await redis.data.refill?.(running, dataset, report)) ?? 0;
    expect(refilled).toBe(ageS < lifetimesS.user ? conversations : dataset.counts.cacheEntries);
    expect(await client().dbsize()).toBeGreaterThanOrEqual(dataset.counts.cacheEntries);
    expect(await compare()).toMatchObject({ ok: true, checks: [{ differences: 0 }] });
    expect(await redis.data.refill?.(running, dataset, report)).toBe(0);
  });

  test('differs from what it was by nothing but what expired', async () => {
    const before = await redis.data.fingerprint(running);
    await moveTo(ageS);
    const { different, expired } = differenceOf(
      before,
      await redis.data.fingerprint(running),
      Date.now() + ageS * 1_000,
    );
    expect(different).toEqual([]);
    expect(expired).toContain('keys conversation');
    await client().del((await client().keys('taishang:dataset*'))[0] ?? '');
    const { different: lost } = differenceOf(before, await redis.data.fingerprint(running), Date.now() + ageS * 1_000);
    expect(lost).not.toEqual([]);
  });
});

test.each([minuteS, 31 * minuteS, dayS, yearS])(
  'a backup that is %i s old is restored, and what expired is counted',
  async (ageS) => {
    await using backup = await takeBackup(redis, running);
    using _ = withVariables(await movedClock(['redis'], ageS));
    await using target = await createStack({ engines: ['redis'], size: 'none', schema: false });
    let expired = 0;
    const notes: RestoreRun = {
      expired: (count) => {
        expired += count;
      },
    };
    await backupOf(redis).restore(target.engines.redis, backup.directory, backup.manifest, notes);
    expect(await redis.data.loadedFingerprint(target.engines.redis)).toBe(await dataset.fingerprint());
    const left = await target.clients.redis.dbsize();
    expect(left + expired).toBe(await client().dbsize());
    expect(expired > 0).toBe(ageS >= lifetimesS.conversation);
  },
);

test('a mark of an earlier release, which would expire, is kept by the next start', async () => {
  const left = 10 * minuteS;
  const fingerprint = await dataset.fingerprint();
  await client().del('taishang:dataset:loaded-at');
  await client().set('taishang:dataset', fingerprint, 'EX', left);
  await redis.schema.apply(running, { reset: false });
  await moveTo(45 * minuteS);
  expect(await redis.data.loadedFingerprint(running)).toBe(fingerprint);
  // It was loaded 20 minutes before: users are due after 40 minutes more.
  expect(await redis.data.expiredKinds?.(running)).toEqual(['user']);
  await moveTo(39 * minuteS);
  expect(await redis.data.expiredKinds?.(running)).toEqual([]);
});
