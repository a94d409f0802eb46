import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunningEngine } from '../../sandbox/engines/contract/topology.ts';
import { openPrimary } from '../../sandbox/engines/postgresql/server/connection.ts';
import { createStack, type Stack } from '../../sandbox/stack/create-stack.ts';
import { growthBytesMax, measure, measureTwice } from './support/check-memory.ts';

let stack: Stack<'postgresql'>;
let running: RunningEngine;
beforeAll(async () => {
  stack = await createStack({ engines: ['postgresql'], size: 'small' });
  running = stack.engines.postgresql;
});
afterAll(() => stack?.dispose());

/** `npm run test:soak` does the same with Redis, and with a dataset that grows. */
test('the peak of a check does not grow with what PostgreSQL holds too much, and all of it is counted', {
  timeout: 300_000,
}, async () => {
  const few = await measure(running, 'small');
  await using opened = await openPrimary(running, { database: 'taishang_users' });
  const extra = 400_000;
  await opened.client.query(
    `INSERT INTO users (username, email, password_hash)
     SELECT 'extra-' || i, 'extra-' || i || '@example.com', repeat('0', 60) FROM generate_series(1, ${extra}) AS i`,
  );
  const many = await measureTwice(running, 'small');
  expect(few.checks.map(({ differences }) => differences)).toEqual([0, 0]);
  expect(many.checks.map(({ differences }) => differences)).toEqual([extra, 0]);
  expect(many.differences).toHaveLength(20);
  expect(many.residentBytesMax - few.residentBytesMax).toBeLessThan(growthBytesMax);

  const holding = await measure(running, 'small', 'hold');
  expect(holding.held).toBeGreaterThan(extra);
  expect(holding.residentBytesMax - few.residentBytesMax).toBeGreaterThan(growthBytesMax);
});
