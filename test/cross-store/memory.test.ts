import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runTask, silent } from '../../sandbox/core/progress.ts';
import type { CrossStoreCheck } from '../../sandbox/cross-store/check-across-stores.ts';
import { openPrimary } from '../../sandbox/engines/postgresql/server/connection.ts';
import { createStack, type Stack } from '../../sandbox/stack/create-stack.ts';
import { createDataset } from '../../seeds/create-dataset.ts';
import type { DatasetSize } from '../../seeds/dataset.ts';
import { runAsSandbox } from '../support/as-sandbox.ts';
import { wholeEngines } from '../support/whole-engines.ts';

/** What a peak may grow by from few things to many. Streamed it grows by 8 to 41 MB, held by 82 to 125 MB. */
const growthBytesMax = 60e6;

let stack: Stack<'postgresql' | 'redis'>;
beforeAll(async () => {
  stack = await createStack({ engines: ['postgresql', 'redis'], size: 'small' });
});
afterAll(() => stack?.dispose());

interface Measured {
  readonly checks: readonly CrossStoreCheck[];
  readonly differences: readonly string[];
  readonly held: number;
  readonly residentBytesMax: number;
}

/** In a process of its own. */
async function measure(engine: 'postgresql' | 'redis', size: DatasetSize, mode = 'stream'): Promise<Measured> {
  const program = join(import.meta.dirname, 'print-check-memory.ts');
  const input = JSON.stringify({ [engine]: stack.engines[engine] });
  return JSON.parse(await runAsSandbox(program, [size, mode], { input })) as Measured;
}

/** The lower peak of two, since a peak depends on when garbage was collected as well. */
async function measureTwice(engine: 'postgresql' | 'redis', size: DatasetSize): Promise<Measured> {
  const [first, second] = [await measure(engine, size), await measure(engine, size)];
  return first.residentBytesMax < second.residentBytesMax ? first : second;
}

test('the peak of a check does not grow with the dataset and what Redis holds of it', async () => {
  const [redis] = await wholeEngines(['redis']);
  const loadUsers = async (size: DatasetSize) => {
    const dataset = createDataset({ size });
    // The whole world's fingerprint takes minutes, and says nothing of memory.
    await runTask(silent, ['load'], async (report) =>
      redis?.data.load(stack.engines.redis, { ...dataset, fingerprint: async () => size }, report),
    );
  };
  await loadUsers('small,users=40000');
  const few = await measure('redis', 'small,users=40000');
  await loadUsers('small,users=240000');
  const many = await measureTwice('redis', 'small,users=240000');
  expect(few.checks).toEqual([{ name: 'redis holds each user', compared: 40_000, differences: 0 }]);
  expect(many.checks).toEqual([{ name: 'redis holds each user', compared: 240_000, differences: 0 }]);
  expect(many.residentBytesMax - few.residentBytesMax).toBeLessThan(growthBytesMax);

  const holding = await measure('redis', 'small,users=240000', 'hold');
  expect(holding.held).toBe(240_000);
  expect(holding.residentBytesMax - few.residentBytesMax).toBeGreaterThan(growthBytesMax);
});

test('the peak of a check does not grow with what PostgreSQL holds too much, and all of it is counted', async () => {
  const few = await measure('postgresql', 'small');
  await using opened = await openPrimary(stack.engines.postgresql, { database: 'taishang_users' });
  const extra = 400_000;
  await opened.client.query(
    `INSERT INTO users (username, email, password_hash)
     SELECT 'extra-' || i, 'extra-' || i || '@example.com', repeat('0', 60) FROM generate_series(1, ${extra}) AS i`,
  );
  const many = await measureTwice('postgresql', 'small');
  expect(few.checks.map(({ differences }) => differences)).toEqual([0, 0]);
  expect(many.checks.map(({ differences }) => differences)).toEqual([extra, 0]);
  expect(many.differences).toHaveLength(20);
  expect(many.residentBytesMax - few.residentBytesMax).toBeLessThan(growthBytesMax);

  const holding = await measure('postgresql', 'small', 'hold');
  expect(holding.held).toBeGreaterThan(extra);
  expect(holding.residentBytesMax - few.residentBytesMax).toBeGreaterThan(growthBytesMax);
});
