import { pipeline } from 'node:stream/promises';
import type { ClientSession, Collection, Document, MongoClient } from 'mongodb';
import { SandboxError } from '../../core/errors.ts';
import type { BackupManifest, BackupPart } from '../backup.ts';
import { openPart, writePart } from '../backup-files.ts';
import type { RunningEngine } from '../topology.ts';
import {
  type CollectionDescription,
  type Principals,
  readCatalogue,
  readPrincipals,
  userDatabases,
} from './catalogue.ts';
import { withClient } from './connection.ts';
import { canonical } from './fingerprint.ts';

export const catalogueFile = 'catalogue.json';

/** A collection of an export. */
export interface ExportedCollection extends CollectionDescription {
  readonly database: string;
  /** Absent for a view. */
  readonly file?: string;
  readonly documents: number;
}

/** What `catalogue.json` holds: enough to make everything anew, and to notice a missing document. */
export interface ExportCatalogue extends Principals {
  readonly collections: readonly ExportedCollection[];
}

/**
 * The export of a server that has no `mongodump`: every document as the server stores it, read in one transaction with a
 * snapshot, and beside it collections, indexes, users and roles.
 * On the stand-in (SecantusDB 0.7.0b3) such a transaction shows one moment across collections and databases: 345 of
 * them, among 5,200 transfers between two collections, each showed the same total, where plain reads showed it 3 times
 * in 32; `test/engines/mongodb-backup.test.ts` repeats that. Two things it does not promise: a collection that is made
 * or changed meanwhile makes it fail, and passwords of users are not in it, because the stand-in takes none back.
 */
export async function exportByDriver(running: RunningEngine, directory: string): Promise<BackupManifest> {
  return withClient(running, async (_, client) => {
    const described = await describeAll(client);
    const principals = await readPrincipals(client, false);
    const { operationTime } = await client.db('admin').command({ ping: 1 });
    const exported = await client.withSession((session) =>
      session.withTransaction(() => exportAll(client, described, directory, session), {
        readConcern: { level: 'snapshot' },
      }),
    );
    if (canonical(described as never) !== canonical((await describeAll(client)) as never)) throw changedMeanwhile();
    const collections = described.map((collection, index) => ({
      ...collection,
      documents: exported[index]?.documents ?? 0,
    }));
    const catalogue = await writePart(directory, catalogueFile, canonical({ ...principals, collections }));
    return {
      formatVersion: 1,
      engine: 'mongodb',
      serverVersion: running.serverVersion,
      origin: running.image.origin,
      method: 'BSON by the driver, in one snapshot transaction; users and roles without their passwords',
      consistentPoint: true,
      position: `operation time ${operationTime ?? 'not told'}`,
      parts: [catalogue, ...exported.flatMap(({ part }) => part ?? [])],
    };
  });
}

interface Exported {
  readonly documents: number;
  /** Absent for a view. */
  readonly part?: BackupPart;
}

type DescribedCollection = Omit<ExportedCollection, 'documents'>;

async function describeAll(client: MongoClient): Promise<readonly DescribedCollection[]> {
  const described: DescribedCollection[] = [];
  for (const database of await userDatabases(client)) {
    for (const collection of await readCatalogue(client.db(database))) {
      const file = `${encodeURIComponent(`${database}.${collection.name}`)}.bson`;
      described.push({ database, ...collection, ...(collection.type === 'view' ? {} : { file }) });
    }
  }
  return described;
}

/** One after the other: a transaction runs one operation at a time. */
async function exportAll(
  client: MongoClient,
  described: readonly DescribedCollection[],
  directory: string,
  session: ClientSession,
): Promise<readonly Exported[]> {
  const exported: Exported[] = [];
  for (const { database, name, file } of described) {
    const collection = client.db(database).collection(name);
    exported.push(file === undefined ? { documents: 0 } : await exportCollection(collection, directory, file, session));
  }
  return exported;
}

/** Documents are joined to larger pieces: writing each one alone takes longer than reading it. */
async function exportCollection(
  collection: Collection<Document>,
  directory: string,
  file: string,
  session: ClientSession,
): Promise<Exported> {
  const pieceBytes = 2 ** 18;
  let documents = 0;
  async function* pieces(): AsyncGenerator<Buffer> {
    let piece: Buffer[] = [];
    let size = 0;
    const cursor = collection.find({}, { raw: true, batchSize: 1_000, session });
    for await (const document of cursor) {
      const bytes = document as unknown as Buffer;
      documents += 1;
      size += bytes.length;
      piece.push(bytes);
      if (size < pieceBytes) continue;
      yield Buffer.concat(piece);
      piece = [];
      size = 0;
    }
    yield Buffer.concat(piece);
  }
  const { stream, written } = openPart(directory, file);
  await pipeline(pieces, stream);
  return { documents, part: await written };
}

function changedMeanwhile(): SandboxError {
  return new SandboxError({
    code: 'BACKUP_FAILED',
    engine: 'mongodb',
    message: 'Collections or indexes were made, changed or dropped while they were backed up.',
    next: 'Back up again.',
  });
}
