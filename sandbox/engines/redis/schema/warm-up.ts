import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pool } from 'pg';
import type { RedisClient } from '../server/client.ts';
import { cacheUser } from './cache.ts';

const hotUsersQuery = join(import.meta.dirname, '..', 'queries', 'hot-users.sql');

/**
 * Caches the active users that logged in last, as PostgreSQL has them: one query.
 * Each is `user:<id>`, JSON of its id, name, e-mail and levels, for an hour. `users` is a pool on `taishang_users`. Default: 100
 * users. Returns how many were cached. Throws what the drivers throw.
 *
 *     const cached = await warmUpUsers(stack.clients.redis, stack.clients.postgresql, 500);
 */
export async function warmUpUsers(client: RedisClient, users: Pool, usersMax = 100): Promise<number> {
  const { rows } = await users.query<{ id: string }>(await readFile(hotUsersQuery, 'utf8'), [usersMax]);
  // Sent at once and not as a pipeline, which a cluster takes for one of its masters alone.
  await Promise.all(rows.map((row) => cacheUser(client, row.id, row)));
  return rows.length;
}
