import { describe, expect, test } from 'vitest';
import { archiveNameAt, momentOfArchive } from '../../sandbox/backup/archive/archive-name.ts';
import { applyRetention, expiredArchives } from '../../sandbox/backup/kept/retention.ts';
import type { Storage, StoredArchive } from '../../sandbox/backup/storage/storage.ts';
import { silent } from '../../sandbox/core/progress.ts';
import { rowRandom } from '../../seeds/random/random.ts';
import { noticesOf, recorder } from '../containers/support/tiny-images.ts';

const seed = Number(process.env.SANDBOX_TEST_SEED ?? Date.now() % 1_000_000);
const now = new Date('2026-11-24T03:00:00Z');
const dayMs = 24 * 3_600_000;

function daysAgo(days: number, sizeBytes = 1): StoredArchive {
  return { name: archiveNameAt(new Date(now.getTime() - days * dayMs)), sizeBytes };
}

/** A storage in memory: what is kept of it is decided by the same function in every storage. */
function storageOf(
  archives: readonly StoredArchive[],
  stuck: readonly string[] = [],
  stacks: Readonly<Record<string, string>> = {},
  engines: Readonly<Record<string, readonly string[]>> = {},
) {
  const kept = new Map(archives.map((archive) => [archive.name, archive]));
  const storage: Storage = {
    description: 'a test',
    list: async () => [...kept.values()],
    store: async () => {},
    fetch: async () => {},
    summaryOf: async (name) => ({ stack: stacks[name] ?? 'ours', engines: engines[name] ?? ['redis'], bases: {} }),
    remove: async (name) => {
      if (stuck.includes(name)) throw new Error('it is stuck');
      kept.delete(name);
    },
  };
  return { storage, kept };
}

describe('archives that are older than a number of days', () => {
  test('are removed, the others stay', () => {
    const archives = [0, 6.9, 7.1, 8, 400].map((days) => daysAgo(days));
    expect(expiredArchives(archives, { now })).toEqual(
      [daysAgo(400), daysAgo(8), daysAgo(7.1)].map(({ name }) => name),
    );
    expect(expiredArchives(archives, { now, retentionDays: 30 })).toEqual([daysAgo(400).name]);
  });

  test('stay where there is no newer good one: an empty one is not good', () => {
    expect(expiredArchives([daysAgo(50), daysAgo(40), daysAgo(30)], { now })).toEqual([
      daysAgo(50).name,
      daysAgo(40).name,
    ]);
    expect(expiredArchives([daysAgo(50), daysAgo(40), daysAgo(30, 0)], { now })).toEqual([
      daysAgo(50).name,
      daysAgo(30).name,
    ]);
  });

  test.each([
    'taishang-backup-20200101_000000.tar.gz.upload.json',
    'taishang-backup-20200101_000000.tar',
    'old-taishang-backup-20200101_000000.tar.gz',
    'taishang-backup-20200231_000000.tar.gz',
    'taishang-backup-2020-01-01.tar.gz',
    'notes.txt',
  ])('are never %s', (name) => {
    expect(expiredArchives([{ name, sizeBytes: 1 }, daysAgo(0)], { now })).toEqual([]);
  });

  test.each([0, -1, 1.5, Number.NaN])('%s days are refused', (retentionDays) => {
    expect(() => expiredArchives([], { retentionDays })).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }));
  });

  test('that cannot be removed are a warning, and do not keep the others', async () => {
    const { storage, kept } = storageOf([daysAgo(9), daysAgo(10), daysAgo(0)], [daysAgo(10).name]);
    const { events, progress } = recorder();
    expect(await applyRetention(storage, { stack: 'ours', now }, progress)).toEqual([daysAgo(9).name]);
    expect([...kept.keys()]).toEqual([daysAgo(10).name, daysAgo(0).name]);
    expect(noticesOf(events)).toEqual([expect.stringContaining('it is stuck')]);
  });
});

test('archives of other stacks in the same place stay, however old they are', async () => {
  const [theirs, old] = [daysAgo(400).name, daysAgo(300).name];
  const { storage, kept } = storageOf([daysAgo(400), daysAgo(300), daysAgo(0)], [], { [theirs]: 'theirs' });
  expect(await applyRetention(storage, { stack: 'ours', now }, silent)).toEqual([old]);
  expect([...kept.keys()]).toEqual([theirs, daysAgo(0).name]);
});

test('the newest archive of a stack stays where newer ones are of others', async () => {
  const [old, last, theirs] = [daysAgo(30), daysAgo(20), daysAgo(1)];
  const { storage, kept } = storageOf([old, last, theirs], [], { [theirs.name]: 'theirs' });
  expect(await applyRetention(storage, { stack: 'ours', now }, silent)).toEqual([old.name]);
  expect([...kept.keys()]).toEqual([last.name, theirs.name]);
});

test('the newest archive that has an engine stays where newer ones have fewer', async () => {
  const archives = [40, 30, 20, 1].map((days) => daysAgo(days));
  const [oldest, last, further] = archives.map(({ name }) => name) as [string, string, string];
  const all = ['postgresql', 'redis'];
  const { storage, kept } = storageOf(archives, [], {}, { [oldest]: all, [last]: all, [further]: ['redis'] });
  expect(await applyRetention(storage, { stack: 'ours', now }, silent)).toEqual([oldest, further]);
  expect([...kept.keys()]).toEqual([last, daysAgo(1).name]);
});

test('an archive that says nothing of itself is no reason to remove those before it', async () => {
  const [last, damaged] = [daysAgo(20), daysAgo(1)];
  const { storage, kept } = storageOf([last, damaged]);
  const summaryOf: Storage['summaryOf'] = async (name) => (name === last.name ? storage.summaryOf(name) : undefined);
  expect(await applyRetention({ ...storage, summaryOf }, { stack: 'ours', now }, silent)).toEqual([]);
  expect([...kept.keys()]).toEqual([last.name, damaged.name]);
});

test(`whatever is there, the newest good one and all that is young stays (SANDBOX_TEST_SEED=${seed})`, async () => {
  const randomOf = rowRandom(seed, 'retention');
  for (let round = 0; round < 500; round += 1) {
    const random = randomOf(round);
    const retentionDays = 1 + random.int(20);
    const archives = Array.from({ length: random.int(12) }, () => {
      // Some empty, some of the future, some foreign.
      const archive = daysAgo((random.int(42_000) - 2_000) / 1_000, random.int(3));
      return random.chance(0.2) ? { ...archive, name: `x${archive.name}` } : archive;
    });
    const { storage, kept } = storageOf(archives);
    const before = [...kept.values()];
    const removed = await applyRetention(storage, { stack: 'ours', now, retentionDays }, silent);

    const ageMs = ({ name }: StoredArchive) => now.getTime() - (momentOfArchive(name)?.getTime() ?? Number.NaN);
    const isOurs = ({ name }: StoredArchive) => momentOfArchive(name) !== undefined;
    const good = before.filter((archive) => isOurs(archive) && archive.sizeBytes > 0);
    const youngestMs = Math.min(...good.map(ageMs));
    for (const archive of before) {
      const mustGo =
        isOurs(archive) &&
        ageMs(archive) > retentionDays * dayMs &&
        !(archive.sizeBytes > 0 && ageMs(archive) === youngestMs);
      expect(removed.includes(archive.name), archive.name).toBe(mustGo);
      expect(kept.has(archive.name)).toBe(!mustGo);
    }
    expect(await applyRetention(storage, { stack: 'ours', now, retentionDays }, silent)).toEqual([]);
  }
});
