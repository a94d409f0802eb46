import { createReadStream, createWriteStream } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pipeline } from 'node:stream/promises';
import { BSON, type ClientSession, type Db, type Document } from 'mongodb';
import { messageOf } from '../../core/errors.ts';
import { backupRefused, describePart, verifyParts } from '../backup-files.ts';
import type { Backup, BackupManifest, RunningEngine } from '../engine.ts';
import { targetNotEmpty } from '../restore-target.ts';
import { withClient } from './connection.ts';
import { type CollectionDescription, canonical, readCatalogue } from './fingerprint.ts';

const catalogueFile = 'catalogue.json';
const documentsFile = (name: string) => `${name}.jsonl`;

/** Documents of a batch when they are written back. */
const batchDocuments = 1_000;

export const backup: Backup = {
  backUp,
  restore,
  restoreBeside: { notSupported: 'a restore goes into an empty server' },
  writeAfterwards,
};

/** What `catalogue.json` holds: enough to make the collections anew, and to notice a missing line. */
interface Catalogue {
  readonly collections: readonly (CollectionDescription & { readonly documents: number })[];
}

/**
 * Every document as a line of canonical extended JSON, read in one transaction with a snapshot, and the collections'
 * options and indexes. The driver does it: it works on any server of the protocol.
 */
async function backUp(running: RunningEngine, directory: string): Promise<BackupManifest> {
  const { names, position } = await withClient(running, async (database, client) => {
    const descriptions = await readCatalogue(database);
    const counts = await client.withSession((session) =>
      session.withTransaction(() => exportAll(database, descriptions, directory, session), {
        readConcern: { level: 'snapshot' },
      }),
    );
    const collections = descriptions.map((description, index) => ({ ...description, documents: counts[index] ?? 0 }));
    await writeFile(join(directory, catalogueFile), canonical({ collections }), { mode: 0o600 });
    const { operationTime } = await client.db('admin').command({ ping: 1 });
    return {
      names: descriptions.map(({ name }) => documentsFile(name)),
      position: `operation time ${operationTime ?? 'not told'}`,
    };
  });
  return {
    formatVersion: 1,
    engine: 'mongodb',
    serverVersion: running.serverVersion,
    origin: running.image.origin,
    method:
      'canonical extended JSON by the driver, in one snapshot transaction; users are those of the stack and not in it',
    consistentPoint: true,
    position,
    parts: await Promise.all([catalogueFile, ...names].map((path) => describePart(directory, path))),
  };
}

/** One after the other: a transaction runs one operation at a time. */
async function exportAll(
  database: Db,
  descriptions: readonly CollectionDescription[],
  directory: string,
  session: ClientSession,
): Promise<readonly number[]> {
  const counts: number[] = [];
  for (const { name } of descriptions) {
    let count = 0;
    const cursor = database.collection(name).find({}, { session });
    async function* lines(): AsyncGenerator<string> {
      for await (const document of cursor) {
        count += 1;
        yield `${canonical(document)}\n`;
      }
    }
    await pipeline(lines, createWriteStream(join(directory, documentsFile(name)), { mode: 0o600 }));
    counts.push(count);
  }
  return counts;
}

async function restore(target: RunningEngine, directory: string, manifest: BackupManifest): Promise<void> {
  await verifyParts(directory, manifest);
  const { collections } = await readWhole(directory);
  await withClient(target, async (database) => {
    const there = await database.listCollections().toArray();
    if (there.length > 0) throw targetNotEmpty('mongodb', there.map(({ name }) => name).join(', '));
    for (const { name, options, indexes } of collections) {
      await database.createCollection(name, options);
      for await (const batch of batchesOf(join(directory, documentsFile(name)))) {
        await database.collection(name).insertMany(batch, { ordered: false, writeConcern: { w: 'majority' } });
      }
      for (const { key, ...rest } of indexes) await database.collection(name).createIndex(key, rest);
    }
  });
}

/** Reads every line before the target is touched. Throws `BACKUP_PART_UNREADABLE`. */
async function readWhole(directory: string): Promise<Catalogue> {
  try {
    const text = await readFile(join(directory, catalogueFile), 'utf8');
    const catalogue = BSON.EJSON.parse(text) as Catalogue;
    for (const { name, documents } of catalogue.collections) {
      let found = 0;
      for await (const batch of batchesOf(join(directory, documentsFile(name)))) found += batch.length;
      if (found !== documents) throw new Error(`${name} has ${found} documents instead of ${documents}`);
    }
    return catalogue;
  } catch (thrown) {
    throw backupRefused('BACKUP_PART_UNREADABLE', 'mongodb', messageOf(thrown));
  }
}

async function* batchesOf(file: string): AsyncGenerator<Document[]> {
  let batch: Document[] = [];
  const lines = createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY });
  for await (const line of lines) {
    // Types stay as they are: a 32-bit integer does not become a double on its way.
    batch.push(BSON.EJSON.parse(line, { relaxed: false }) as Document);
    if (batch.length < batchDocuments) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

async function writeAfterwards(target: RunningEngine): Promise<void> {
  await withClient(target, async (database) => {
    const contents = database.collection('user_contents');
    const { insertedId } = await contents.insertOne({
      user_id: 'write after restore',
      content_type: 'note',
      title: 'written',
      created_at: new Date(),
    });
    const { deletedCount } = await contents.deleteOne({ _id: insertedId });
    if (deletedCount !== 1) throw new Error(`wrote one document and deleted ${deletedCount}`);
  });
}
