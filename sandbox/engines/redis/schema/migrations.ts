import type { Connection, RunningEngine } from '../../contract/topology.ts';
import { moduleMigrations } from '../../shared/migrations/modules.ts';
import type { RedisClient } from '../server/client.ts';
import { connect } from '../server/connection.ts';

/** Modules with `up(client)`, which is one of ioredis. */
export const migrations = moduleMigrations(connectTraced);

/** What the server answers has no place in a file: with this, the driver remembers where each command was called. */
async function connectTraced(running: RunningEngine): Promise<Connection<RedisClient>> {
  const opened = await connect(running);
  opened.client.options.showFriendlyErrorStack = true;
  return opened;
}
