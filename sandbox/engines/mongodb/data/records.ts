import type { MongoClient } from 'mongodb';
import { recordDatabaseName } from '../server/connection.ts';

/** What was applied or loaded. */
export async function readRecord(client: MongoClient, name: string): Promise<string | undefined> {
  const record = await client.db(recordDatabaseName).collection<SandboxRecord>('records').findOne({ _id: name });
  return record?.text;
}

export async function writeRecord(client: MongoClient, name: string, text: string | undefined): Promise<void> {
  const records = client.db(recordDatabaseName).collection<SandboxRecord>('records');
  if (text === undefined) await records.deleteOne({ _id: name });
  else await records.replaceOne({ _id: name }, { text }, { upsert: true });
}

interface SandboxRecord {
  readonly _id: string;
  readonly text: string;
}
