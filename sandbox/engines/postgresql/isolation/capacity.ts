import type { Client } from 'pg';
import { SandboxError } from '../../../core/errors.ts';
import type { Capacity } from '../../contract/isolation.ts';
import { query } from '../backup/catalogue/described-databases.ts';
import { connectionsPerPlace } from './login.ts';

/** Connections that making, resetting and verifying places takes at once. */
export const ownConnections = 6;

/**
 * How many places there can be beside what is connected now, `own` by their names among them. The server tells of those that
 * it has: one that is being made takes nothing yet. Throws `NOT_SUPPORTED` where there is no room for one.
 */
export async function readCapacity(
  client: Client,
  maximum: number | undefined,
  own: readonly string[] = [],
): Promise<Capacity> {
  const text = await query('free-connections.sql');
  const { rows } = await client.query<{ total: number; free: number }>(text, [own]);
  const { total = 0, free = 0 } = rows[0] ?? {};
  const room = Math.floor((free - ownConnections) / connectionsPerPlace);
  if (room < 1) {
    throw new SandboxError({
      code: 'NOT_SUPPORTED',
      engine: 'postgresql',
      message: `PostgreSQL has ${free} of its ${total} connections free, too few for a test's own databases.`,
      next: `End sessions that nobody uses: a place takes up to ${connectionsPerPlace}, and making them ${ownConnections}.`,
    });
  }
  return {
    places: Math.min(room, maximum ?? room),
    boundBy:
      maximum !== undefined && maximum <= room
        ? `at most ${maximum} asked for`
        : `${total} connections of the server, ${free} of them free, ${connectionsPerPlace} for each place`,
  };
}
