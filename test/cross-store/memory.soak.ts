import { afterAll, beforeAll, expect, test } from 'vitest';
import { runTask, silent } from '../../sandbox/core/progress.ts';
import type { RunningEngine } from '../../sandbox/engines/contract/topology.ts';
import { createStack, type Stack } from '../../sandbox/stack/create-stack.ts';
import { createDataset } from '../../seeds/create-dataset.ts';
import type { DatasetSize } from '../../seeds/dataset.ts';
import { wholeEngines } from '../support/whole-engines.ts';
import { growthBytesMax, measure, measureTwice } from './support/check-memory.ts';

let stack: Stack<'redis'>;
let running: RunningEngine;
beforeAll(async () => {
  stack = await createStack({ engines: ['redis'], size: 'small' });
  running = stack.engines.redis;
});
afterAll(() => stack?.dispose());

test('the peak of a check does not grow with the dataset and what Redis holds of it', async () => {
  const [redis] = await wholeEngines(['redis']);
  const loadUsers = async (size: DatasetSize) => {
    const dataset = createDataset({ size });
    // The whole world's fingerprint takes minutes, and says nothing of memory.
    await runTask(silent, ['load'], async (report) =>
      redis?.data.load(running, { ...dataset, fingerprint: async () => size }, report),
    );
  };
  await loadUsers('small,users=40000');
  const few = await measure(running, 'small,users=40000');
  await loadUsers('small,users=240000');
  const many = await measureTwice(running, 'small,users=240000');
  expect(few.checks).toEqual([{ name: 'redis holds each user', compared: 40_000, differences: 0 }]);
  expect(many.checks).toEqual([{ name: 'redis holds each user', compared: 240_000, differences: 0 }]);
  expect(many.residentBytesMax - few.residentBytesMax).toBeLessThan(growthBytesMax);

  const holding = await measure(running, 'small,users=240000', 'hold');
  expect(holding.held).toBe(240_000);
  expect(holding.residentBytesMax - few.residentBytesMax).toBeGreaterThan(growthBytesMax);
});
