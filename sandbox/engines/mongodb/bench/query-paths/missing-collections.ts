import type { Db } from 'mongodb';
import type { ReachableEngine } from '../../../contract/topology.ts';
import type { CollectionName } from '../../schema/collections.ts';
import { databaseName, withClient } from '../../server/connection.ts';

/** Which of the collections hold nothing, and what else is missing. */
export async function missingCollections(
  running: ReachableEngine,
  names: readonly CollectionName[],
  alsoMissing: (database: Db) => Promise<readonly string[]> = async () => [],
): Promise<readonly string[]> {
  return withClient(running, async (_, client) => {
    const database = client.db(databaseName);
    const missing: string[] = [];
    for (const name of names) {
      const found = await database.collection(name).findOne({}, { projection: { _id: 1 } });
      if (found === null) missing.push(`documents in ${databaseName}.${name}`);
    }
    return missing.length > 0 ? missing : alsoMissing(database);
  });
}
