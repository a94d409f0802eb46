import type { Db, MongoClient } from 'mongodb';
import type { ImageOrigin } from '../../../containers/images/image-spec.ts';
import { derivedName } from '../../../core/text/derived-names.ts';
import { targetRefused } from '../../shared/backup/restore-target.ts';

/** Databases that a restore beside the live data makes end in this. */
const restoreSuffix = '_restore';

/** A collection that a restore puts into what it makes. A database without it is somebody's own, whatever its name. */
export const markCollection = 'taishang_restored';

/** Longest name of a database, in bytes (MongoDB documentation, "Naming Restrictions"; the stand-in refuses 64 too). */
const nameBytesMax = 63;

/** Names that are tried, `_restore`, `_2_restore` and so on, before it is given up. */
const triesMax = 20;

/** Whether a restore has made the database. */
export async function hasMark(client: MongoClient, database: string): Promise<boolean> {
  const found = await client.db(database).listCollections({ name: markCollection }, { nameOnly: true }).toArray();
  return found.length > 0;
}

/** Whether a restore gives databases such names; one is a restore's that has its mark, too. */
export function mayBeRestored(database: string): boolean {
  return database.endsWith(restoreSuffix);
}

/** Those of these databases that restores have made, sorted. A copy under another name is somebody's own. */
export async function restoredDatabases(client: MongoClient, there: readonly string[]): Promise<readonly string[]> {
  const named = there.filter(mayBeRestored).toSorted();
  const marked = await Promise.all(named.map((name) => hasMark(client, name)));
  return named.filter((_, index) => marked[index]);
}

/**
 * Databases to restore into beside live ones: for each its name with `_restore`, or, where somebody has a database of
 * that name, with `_2_restore`. Names that differ in capitals alone count as the same: MongoDB takes one of them.
 */
export async function namesBeside(
  client: MongoClient,
  databases: readonly string[],
  there: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const taken = new Set(databases.map(folded));
  for (const name of there) if (!(await hasMark(client, name))) taken.add(folded(name));
  const names = new Map<string, string>();
  for (const database of databases) {
    const name = freeName(database, taken);
    taken.add(folded(name));
    names.set(database, name);
  }
  return names;
}

function freeName(database: string, taken: ReadonlySet<string>): string {
  for (let attempt = 1; attempt <= triesMax; attempt += 1) {
    const suffix = attempt === 1 ? restoreSuffix : `_${attempt}${restoreSuffix}`;
    const name = derivedName(database, suffix, nameBytesMax);
    if (!taken.has(folded(name))) return name;
  }
  throw targetRefused(
    'RESTORE_TARGET_NOT_EMPTY',
    'mongodb',
    `databases of somebody have the ${triesMax} names that ${JSON.stringify(database)} could be restored as`,
  );
}

function folded(name: string): string {
  return name.toLowerCase();
}

/** Drops what an earlier restore made of this name, and marks the new one before anything is in it. */
export async function beginRestored(client: MongoClient, name: string, origin: ImageOrigin): Promise<void> {
  await dropRestored(client, name, origin);
  await client.db(name).createCollection(markCollection);
}

/** Drops the database if a restore has made it, and leaves it alone if not. */
export async function dropRestored(client: MongoClient, name: string, origin: ImageOrigin): Promise<void> {
  if (!(await hasMark(client, name))) return;
  const database = client.db(name);
  if (origin === 'compatible') await emptyCollections(database);
  await database.dropDatabase();
}

/**
 * The stand-in drops an entry of an index after the other, each with a write to the disk of its own: 1,000 documents
 * with three indexes took 2.2 to 4 s, and 1.3 s where they were deleted first.
 */
async function emptyCollections(database: Db): Promise<void> {
  const collections = await database.listCollections({ type: 'collection' }).toArray();
  for (const { name } of collections) if (name !== 'system.profile') await database.collection(name).deleteMany({});
}
