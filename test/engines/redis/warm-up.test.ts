import { afterAll, beforeAll, expect, test } from 'vitest';
import { warmUpUsers } from '../../../sandbox/engines/redis/schema/warm-up.ts';
import { createStack, type Stack } from '../../../sandbox/stack/create-stack.ts';

let stack: Stack<'postgresql' | 'redis'>;
beforeAll(async () => {
  // The index over the vectors of `small` takes longer than all else, and says nothing here.
  stack = await createStack({ engines: ['postgresql', 'redis'], size: { knowledge: 216 } });
});
afterAll(() => stack?.dispose());

test('the cache of users is warmed up from PostgreSQL, for an hour', async () => {
  const { postgresql, redis } = stack.clients;
  const before = await redis.keys('user:*');
  expect(before.length).toBeGreaterThanOrEqual(1_080);
  await redis.del(...before);

  expect(await warmUpUsers(redis, postgresql, 50)).toBe(50);
  const keys = await redis.keys('user:*');
  expect(keys).toHaveLength(50);
  for (const key of keys) {
    const cached = JSON.parse((await redis.get(key)) ?? '');
    const { rows } = await postgresql.query('SELECT * FROM users WHERE id = $1', [key.slice('user:'.length)]);
    expect(cached).toMatchObject({ username: rows[0].username, silicon_level: rows[0].silicon_level });
    expect(await redis.ttl(key)).toBeGreaterThan(3_590);
    expect(await redis.ttl(key)).toBeLessThanOrEqual(3_600);
  }
});
