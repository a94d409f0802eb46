import type { Db, Document } from 'mongodb';
import type { ReachableEngine } from '../../contract/topology.ts';
import { withClient } from './connection.ts';

/** What decides whether a write waits for the disk and for other members, and what the server may keep in memory. */
export async function serverSettings(running: ReachableEngine): Promise<Readonly<Record<string, string>>> {
  return withClient(running, async (_, client) => {
    const admin = client.db('admin');
    const [status, options, concern] = await Promise.all([
      ask(admin, { serverStatus: 1 }),
      ask(admin, { getCmdLineOpts: 1 }),
      ask(admin, { getDefaultRWConcern: 1 }),
    ]);
    // Chosen one by one: the command line may name files of keys.
    const { storage = {}, replication = {} } = options.parsed ?? {};
    const told = {
      storageEngine: status.storageEngine?.name,
      persistent: status.storageEngine?.persistent,
      cacheBytes: status.wiredTiger?.cache?.['maximum bytes configured'],
      journalCommitIntervalMs: storage.journal?.commitIntervalMs,
      defaultWriteConcern: concern.defaultWriteConcern && JSON.stringify(concern.defaultWriteConcern),
      replicaSet: replication.replSetName ?? replication.replSet,
    };
    return Object.fromEntries(
      Object.entries(told).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
    );
  });
}

/** Nothing where the server does not know the command, or this user may not give it. */
async function ask(database: Db, command: Document): Promise<Document> {
  return database.command(command).catch(() => ({}));
}
