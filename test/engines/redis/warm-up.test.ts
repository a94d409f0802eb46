import { afterAll, beforeAll, expect, test } from 'vitest';
import { lifetimesS } from '../../../sandbox/engines/redis/schema/cache.ts';
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

  const secondsOfServer = async () => Number((await redis.time())[0]);
  const beganS = await secondsOfServer();
  expect(await warmUpUsers(redis, postgresql, 50)).toBe(50);
  const endedS = await secondsOfServer();
  const keys = await redis.keys('user:*');
  expect(keys).toHaveLength(50);
  for (const key of keys) {
    const cached = JSON.parse((await redis.get(key)) ?? '');
    const { rows } = await postgresql.query('SELECT * FROM users WHERE id = $1', [key.slice('user:'.length)]);
    expect(cached).toMatchObject({ username: rows[0].username, silicon_level: rows[0].silicon_level });
    // When it goes, and not how long it has left: whoever looks may be slow.
    const goesS = await redis.expiretime(key);
    expect(goesS).toBeGreaterThanOrEqual(beganS + lifetimesS.user);
    expect(goesS).toBeLessThanOrEqual(endedS + lifetimesS.user + 1);
  }
});
