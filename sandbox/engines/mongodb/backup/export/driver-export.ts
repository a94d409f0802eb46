import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ClientSession, Collection, MongoClient } from 'mongodb';
import { SandboxError } from '../../../../core/errors.ts';
import type { BackupManifest, BackupPart } from '../../../contract/backup.ts';
import type { RunningEngine } from '../../../contract/topology.ts';
import { openPart, writePart } from '../../../shared/backup/backup-files.ts';
import { manifestHeader } from '../../../shared/backup/manifest-header.ts';
import { withClient } from '../../server/connection.ts';
import {
  type CollectionDescription,
  type Principals,
  readCatalogue,
  readPrincipals,
  userDatabases,
} from '../catalogue.ts';
import { batchesOf } from './bson-file.ts';
import {
  type CataloguedCollection,
  catalogueFile,
  definitionsFile,
  documentsFile,
  type ExportCatalogue,
} from './export-format.ts';

/**
 * The export of a server that has no `mongodump`: every document as the server stores it, read in one transaction with a
 * snapshot, and beside it collections, indexes, users and roles. Nothing of it becomes a JavaScript object on its way.
 * On the stand-in (SecantusDB 0.7.0b3) such a transaction shows one moment across collections and databases: 345 of
 * them, among 5,200 transfers between two collections, each showed the same total, where plain reads showed it 3 times
 * in 32; `test/engines/mongodb/backup.test.ts` repeats that. Two things it does not promise: a collection that is made
 * or changed meanwhile makes it fail, and passwords of users are not in it, because the stand-in takes none back.
 */
export async function exportByDriver(running: RunningEngine, directory: string): Promise<BackupManifest> {
  return withClient(running, async (_, client) => {
    const described = await describeAll(client);
    const principals = await readPrincipals(client, false);
    const { operationTime } = await client.db('admin').command({ ping: 1 });
    const { collections, part } = await client.withSession((session) =>
      session.withTransaction(() => exportAll(client, described, directory, session), {
        readConcern: { level: 'snapshot' },
      }),
    );
    if (!definitionsOf(described).equals(definitionsOf(await describeAll(client)))) throw changedMeanwhile();
    const { roles, users } = principals;
    const catalogue: ExportCatalogue = { format: 2, collections, roles: roles.length, users: users.length };
    return {
      ...manifestHeader(running),
      method: 'BSON by the driver, in one snapshot transaction; users and roles without their passwords',
      consistentPoint: true,
      position: `operation time ${operationTime ?? 'not told'}`,
      parts: [
        await writePart(directory, catalogueFile, `${JSON.stringify(catalogue, undefined, 1)}\n`),
        await writeDefinitions(directory, described, principals),
        part,
      ],
    };
  });
}

interface DescribedCollection extends CollectionDescription {
  readonly database: string;
}

async function describeAll(client: MongoClient): Promise<readonly DescribedCollection[]> {
  const described: DescribedCollection[] = [];
  for (const database of await userDatabases(client)) {
    for (const collection of await readCatalogue(client.db(database))) described.push({ database, ...collection });
  }
  return described;
}

/** Everything of the descriptions in one piece of bytes, to compare. */
function definitionsOf(described: readonly DescribedCollection[]): Buffer {
  return Buffer.concat(
    described.flatMap(({ database, name, type, options, indexes }) => [
      Buffer.from(JSON.stringify([database, name, type])),
      options,
      ...indexes,
    ]),
  );
}

async function writeDefinitions(
  directory: string,
  described: readonly DescribedCollection[],
  { roles, users }: Principals,
): Promise<BackupPart> {
  const documents = [...described.flatMap(({ options, indexes }) => [options, ...indexes]), ...roles, ...users];
  const { stream, written } = openPart(directory, definitionsFile);
  await pipeline(Readable.from(documents), stream);
  return written;
}

interface Exported {
  readonly collections: readonly CataloguedCollection[];
  readonly part: BackupPart;
}

/** One after the other: a transaction runs one operation at a time. */
async function exportAll(
  client: MongoClient,
  described: readonly DescribedCollection[],
  directory: string,
  session: ClientSession,
): Promise<Exported> {
  const collections: CataloguedCollection[] = [];
  async function* pieces(): AsyncGenerator<Buffer> {
    for (const { database, name, type, indexes } of described) {
      const read = { documents: 0, sizeBytes: 0 };
      if (type !== 'view') yield* piecesOf(client.db(database).collection(name), session, read);
      collections.push({ database, name, type, indexes: indexes.length, ...read });
    }
  }
  const { stream, written } = openPart(directory, documentsFile);
  await pipeline(pieces, stream);
  return { collections, part: await written };
}

/** Documents are joined to larger pieces: writing each one alone takes longer than reading it. */
const pieceLimits = { documentsMax: 1_000, bytesMax: 2 ** 18 };

async function* piecesOf(
  collection: Collection,
  session: ClientSession,
  read: { documents: number; sizeBytes: number },
): AsyncGenerator<Buffer> {
  const cursor = collection.find({}, { raw: true, batchSize: 1_000, session });
  for await (const batch of batchesOf(cursor as unknown as AsyncIterable<Buffer>, pieceLimits)) {
    const piece = Buffer.concat(batch);
    read.documents += batch.length;
    read.sizeBytes += piece.length;
    yield piece;
  }
}

function changedMeanwhile(): SandboxError {
  return new SandboxError({
    code: 'BACKUP_FAILED',
    engine: 'mongodb',
    message: 'Collections or indexes were made, changed or dropped while they were backed up.',
    next: 'Back up again.',
  });
}
