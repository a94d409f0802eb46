import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { createDataset } from '../../seeds/create-dataset.ts';
import { fingerprintOf } from '../../seeds/rows/fingerprint.ts';
import { readAhead } from '../../seeds/rows/read-ahead.ts';
import { rowPool } from '../../seeds/rows/row-pool.ts';

// Every number of workers that a test asks for; a reader that still waits gets an error.
afterAll(() => Promise.all([1, 2, 3, 4].map((workers) => rowPool(workers).destroy())));

const size = { users: 2_400, contents: 1_500, conversations: 800, knowledge: 700, concepts: 300 };

describe('workers', () => {
  test.each([1, 2, 4])('%d of them make the same bytes as none', async (workers) => {
    const [none, some] = [createDataset({ size, workers: 0 }), createDataset({ size, workers })];
    expect(await fingerprintOf(some)).toBe(await fingerprintOf(none));
    // This one is hashed by the workers themselves.
    expect(await some.fingerprint()).toBe(await none.fingerprint());
    expect(some.counts).toEqual(none.counts);
  });

  test('give vectors with memory of their own', async () => {
    for await (const [one, other] of createDataset({ size, workers: 1 }).batches('userVectors')) {
      expect(one?.vector).toBeInstanceOf(Float32Array);
      expect(one?.vector.buffer.byteLength).toBe(512 * 4);
      expect(one?.vector.buffer).not.toBe(other?.vector.buffer);
      break;
    }
  });

  test('make no more than a reader takes, and one batch more than there are workers', async () => {
    const pool = rowPool(3);
    const before = pool.completed;
    const reader = createDataset({ size: 'large', workers: 3 }).batches('users')[Symbol.asyncIterator]();
    await reader.next();
    await expect.poll(() => pool.completed - before, { timeout: 30_000 }).toBe(4);
    await reader.return?.();
    expect(pool.queueSize).toBe(0);
    expect(pool.completed - before).toBeLessThanOrEqual(4);
  });

  test('that end in the middle end the reading with an error, and the next reading has others', async () => {
    const pool = rowPool(1);
    const reader = createDataset({ size: 'large', workers: 1 }).batches('knowledgeVectors')[Symbol.asyncIterator]();
    await reader.next();
    const rest = (async () => {
      while (!(await reader.next()).done) {
        // Until the worker is gone.
      }
    })();
    const failure = rest.then(
      () => 'read to the end',
      (thrown: unknown) => thrown,
    );
    await Promise.all(pool.threads.map((thread) => thread.terminate()));
    expect(await failure).toBeInstanceOf(Error);
    for await (const batch of createDataset({ size: 'large', workers: 1 }).batches('users')) {
      expect(batch).toHaveLength(250);
      break;
    }
  });

  test.each([-1, 0.5, 65, Number.NaN])('%d of them are refused', (workers) => {
    expect(() => createDataset({ size: 'small', workers })).toThrow(RangeError);
  });

  test('without work end', async () => {
    const pool = rowPool(2);
    for await (const _ of createDataset({ size, workers: 2 }).batches('concepts')) break;
    await expect.poll(() => pool.threads.length, { timeout: 60_000, interval: 100 }).toBe(0);
  });
});

describe('a process whose reader stops in the middle ends by itself', () => {
  const script = join(import.meta.dirname, 'print-stopped-reader.ts');
  const run = (how: string) => promisify(execFile)(process.execPath, [script, how], { timeout: 60_000 });

  test.each(['break', 'abort'])('%s', async (how) => {
    expect((await run(how)).stdout.trim()).toBe('3000');
  });

  test('throw', async () => {
    await expect(run('throw')).rejects.toMatchObject({
      code: 1,
      killed: false,
      stderr: expect.stringContaining('the store went away'),
    });
  });
});

describe('reading ahead', () => {
  const collect = async (values: AsyncIterable<number>) => {
    const found: number[] = [];
    for await (const value of values) found.push(value);
    return found;
  };

  test('keeps the order whatever is ready first', async () => {
    const pending = new Map<number, () => void>();
    const make = (index: number) =>
      new Promise<number>((resolve) => {
        pending.set(index, () => resolve(index));
        // The latest of those under way is always the first to be ready.
        for (const at of [...pending.keys()].toSorted((left, right) => right - left)) pending.get(at)?.();
      });
    expect(await collect(readAhead(make, 7, 3))).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  test('fails in its turn, after what came before', async () => {
    const taken: number[] = [];
    const make = async (index: number) => {
      if (index === 2) throw new Error('no third');
      return index;
    };
    const reading = async () => {
      for await (const value of readAhead(make, 9, 5)) taken.push(value);
    };
    await expect(reading()).rejects.toThrow('no third');
    expect(taken).toEqual([0, 1]);
  });

  test('of nothing makes nothing', async () => {
    expect(await collect(readAhead(async () => Promise.reject(new Error('made')), 0, 3))).toEqual([]);
  });
});
