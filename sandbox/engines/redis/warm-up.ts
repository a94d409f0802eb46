import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import type { Pool } from 'pg';
import { cacheKey, lifetimesS } from './cache.ts';

const hotUsersQuery = join(import.meta.dirname, 'queries', 'hot-users.sql');

/**
 * Caches the users that logged in last, as PostgreSQL has them: one query, one round trip to Redis.
 * `users` is a pool on `taishang_users`. Default: 100 users. Returns how many were cached.
 */
export async function warmUpUsers(client: Redis, users: Pool, usersMax = 100): Promise<number> {
  const { rows } = await users.query<{ id: string }>(await readFile(hotUsersQuery, 'utf8'), [usersMax]);
  const pipeline = client.pipeline();
  for (const row of rows) pipeline.set(cacheKey('user', row.id), JSON.stringify(row), 'EX', lifetimesS.user);
  for (const [error] of (await pipeline.exec()) ?? []) if (error) throw error;
  return rows.length;
}
