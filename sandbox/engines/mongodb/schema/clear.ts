import type { RunningEngine } from '../../contract/topology.ts';
import { recordDatabaseName, withClient } from '../server/connection.ts';

/** Drops the platform's database, and forgets what was applied and loaded. Databases of others stay. */
export function clear(running: RunningEngine): Promise<void> {
  return withClient(running, async (database, client) => {
    await database.dropDatabase();
    await client.db(recordDatabaseName).collection('records').deleteMany({});
  });
}
