import { readdir, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { BaseDescription } from '../../../sandbox/engines/contract/backup.ts';
import { keptLog } from '../../../sandbox/engines/postgresql/backup/log/kept-log.ts';
import { openHistory, removeOldest } from '../../../sandbox/engines/postgresql/backup/log/kept-log-files.ts';
import type { Mark } from '../../../sandbox/engines/postgresql/backup/log/log-marks.ts';
import { seed, seedText } from '../../support/seed.ts';
import { backupFolder } from '../support/backup-folder.ts';

// Files alone: what a server writes into them is tried in postgresql-point-in-time.test.ts.
const segmentBytes = 2 ** 24;
const history = '7713665662020390942';
const beganMs = Date.parse('2026-11-29T10:00:00Z');

const positionOf = (bytes: number) => `0/${bytes.toString(16).toUpperCase()}`;
const segmentName = (number: number) => `0000000100000000000000${number.toString(16).toUpperCase().padStart(2, '0')}`;
/** At segment `number` the clock shows that many minutes past ten. */
const timeAt = (number: number) => new Date(beganMs + number * 60_000).toISOString();

function baseAt(number: number, of = history): BaseDescription {
  const position = positionOf(number * segmentBytes + 40);
  const consistentAt = positionOf(number * segmentBytes + 400);
  const consistentTime = timeAt(number);
  return { history: of, timeline: 1, from: position, consistentAt, consistentTime, segmentBytes, sizeBytes: 1 };
}

/** The mark that closed a segment. */
function markIn(number: number): Mark {
  return { name: null, time: timeAt(number + 0.5), position: positionOf(number * segmentBytes + 4_000), timeline: 1 };
}

async function keep(folder: string, numbers: readonly number[], of = history): Promise<void> {
  const kept = await openHistory(folder, of);
  for (const number of numbers) await kept.add(segmentName(number), Readable.from([Buffer.alloc(64, number)]));
  await kept.addMarks(numbers.map(markIn));
}

const namesIn = async (folder: string) =>
  (await readdir(join(folder, history)))
    .filter((name) => name.endsWith('.gz'))
    .map((name) => name.slice(22, 24))
    .toSorted();

const numbers = fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { minLength: 1 });

test(`a base leads as far as its log has no gap, and nowhere without its first segment, ${seedText}`, async () => {
  await fc.assert(
    fc.asyncProperty(numbers, fc.integer({ min: 1, max: 12 }), async (there, from) => {
      await using folder = await backupFolder();
      await keep(folder.path, there);
      let last = from - 1;
      while (there.includes(last + 1)) last += 1;
      const [range, foreign, ...none] = await keptLog.reach(
        [baseAt(from), baseAt(from, '1'), {}, { ...baseAt(from), from: '../x' }, { ...baseAt(from), history: 7 }],
        folder.path,
      );
      const expected = { from: new Date(timeAt(from)), to: new Date(timeAt(last + 0.5)), isOpen: false };
      expect(range).toEqual(last < from ? undefined : expected);
      expect([foreign, ...none]).toEqual([undefined, undefined, undefined, undefined]);
    }),
    { seed, numRuns: 40 },
  );
});

test(`what no base goes on by is forgotten, and no base leads less far for it, ${seedText}`, async () => {
  const bases = fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(numbers, bases, async (there, starts) => {
      await using folder = await backupFolder();
      await keep(folder.path, there);
      await keep(folder.path, [1], '1');
      const described = starts.map((number) => baseAt(number));
      const before = await keptLog.reach(described, folder.path);
      await keptLog.forget(folder.path, described);
      expect(await keptLog.reach(described, folder.path)).toEqual(before);
      expect(await readdir(folder.path)).toEqual([history]);
      const left = (await namesIn(folder.path)).map((name) => Number.parseInt(name, 16));
      expect(left).toEqual(there.filter((number) => number >= Math.min(...starts)).toSorted((a, b) => a - b));
    }),
    { seed, numRuns: 30 },
  );
});

test('no more than so many bytes stay, and the oldest go first', async () => {
  await using folder = await backupFolder();
  await keep(folder.path, [1, 2, 3, 4]);
  const fileOf = (number: number) => join(folder.path, history, `${segmentName(number)}.gz`);
  for (const number of [1, 2, 3, 4]) await utimes(fileOf(number), number, number);
  const { size } = await stat(fileOf(1));
  await removeOldest(folder.path, size * 2 + 1);
  expect(await namesIn(folder.path)).toEqual(['03', '04']);
  await removeOldest(folder.path, size * 2);
  expect(await namesIn(folder.path)).toEqual(['03', '04']);
});

test('a segment is what it was, for its owner alone, and is not there until it is whole', async () => {
  await using folder = await backupFolder();
  const kept = await openHistory(folder.path, history);
  await kept.add(segmentName(1), Readable.from([Buffer.from('the log')]));
  const broken = new Readable({ read: () => broken.destroy(new Error('cut')) });
  await expect(kept.add(segmentName(2), broken)).rejects.toThrow('cut');
  expect(await kept.files()).toEqual([segmentName(1)]);
  const stream = new PassThrough();
  const [read] = await Promise.all([buffer(stream), kept.copyTo(segmentName(1), stream)]);
  expect(read.toString()).toBe('the log');
  const { mode } = await stat(join(folder.path, history, `${segmentName(1)}.gz`));
  expect(mode & 0o777).toBe(0o600);
});
