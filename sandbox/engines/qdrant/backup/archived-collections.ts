import type { BackupManifest } from '../../contract/backup.ts';
import { backupRefused } from '../../shared/backup/backup-files.ts';
import { jsonShape, readJsonPart } from '../../shared/backup/json-part.ts';
import { type Alias, isMark } from './names.ts';

/** A collection in a backup. */
export interface ArchivedCollection {
  readonly name: string;
  /** Its snapshot, of one server or of one peer of a cluster, which has the shards that it lists. */
  readonly file: string;
  /** Of a cluster: the file that each shard is in. Absent: everything is in `file`. */
  readonly shards?: readonly { readonly id: number; readonly file: string }[];
}

/** What of a backup is which collection: file names do not grow with those of collections. */
export const collectionsFile = 'collections.json';
export const aliasesFile = 'aliases.json';
const snapshotSuffix = '.snapshot';

/** Of names that are the same in every file system: short, in lower case, and nothing that has to be encoded. */
const plainName = /^[a-z0-9_-]{1,60}$/;

/** Name of the `index`-th collection's file: its own where that is {@link plainName plain}. */
export function fileOf(name: string, index: number, shard?: number): string {
  const base = plainName.test(name) ? name : `collection.${index + 1}`;
  return `${base}${shard === undefined ? '' : `.shard-${shard}`}${snapshotSuffix}`;
}

const file = { type: 'string' };
const areCollections = jsonShape<readonly ArchivedCollection[]>({
  type: 'array',
  items: {
    type: 'object',
    required: ['name', 'file'],
    properties: {
      name: { type: 'string' },
      file,
      shards: {
        type: 'array',
        items: { type: 'object', required: ['id', 'file'], properties: { id: { type: 'integer', minimum: 0 }, file } },
      },
    },
  },
});
const areAliases = jsonShape<readonly Alias[]>({
  type: 'array',
  items: {
    type: 'object',
    required: ['alias_name', 'collection_name'],
    properties: { alias_name: { type: 'string' }, collection_name: { type: 'string' } },
  },
});

/** Collections of a backup. Throws `BACKUP_PART_UNREADABLE`. */
export async function readCollections(
  directory: string,
  manifest: BackupManifest,
): Promise<readonly ArchivedCollection[]> {
  const snapshots = new Set(manifest.parts.map(({ path }) => path).filter((path) => path.endsWith(snapshotSuffix)));
  const collections = manifest.parts.some(({ path }) => path === collectionsFile)
    ? await readJsonPart(directory, manifest, collectionsFile, areCollections)
    : namedByTheirFiles(snapshots);
  const problem = problemOf(collections, snapshots);
  if (problem === undefined) return collections;
  throw backupRefused('BACKUP_PART_UNREADABLE', 'qdrant', `${collectionsFile} is not valid: ${problem}`);
}

/** Backups of release 0.1.0 have no list: a file has the name of its collection, encoded. */
function namedByTheirFiles(snapshots: ReadonlySet<string>): readonly ArchivedCollection[] {
  return [...snapshots].map((file) => {
    try {
      return { name: decodeURIComponent(file.slice(0, -snapshotSuffix.length)), file };
    } catch {
      throw backupRefused('BACKUP_PART_UNREADABLE', 'qdrant', `${file} is the name of no collection`);
    }
  });
}

function problemOf(collections: readonly ArchivedCollection[], snapshots: ReadonlySet<string>): string | undefined {
  const wrong = collections.find(
    (each) => !isCollectionName(each.name) || !filesOf(each).every((path) => snapshots.has(path)),
  );
  if (wrong !== undefined) return `${JSON.stringify(wrong).slice(0, 200)} is no collection of it`;
  if (new Set(collections.map(({ name }) => name)).size < collections.length) return 'it names a collection twice';
  const named = new Set(collections.flatMap(filesOf));
  const stray = [...snapshots].find((path) => !named.has(path));
  return stray === undefined ? undefined : `${stray} is of no collection`;
}

/** Names that the server gives (Qdrant 1.19, `common/validation.rs`), and that mean themselves in an address. */
function isCollectionName(name: string): boolean {
  return /^[^/\0]{1,255}$/u.test(name) && name.isWellFormed() && name !== '.' && name !== '..';
}

/** All files of one collection. */
export function filesOf({ file, shards = [] }: ArchivedCollection): readonly string[] {
  return [...new Set([file, ...shards.map((shard) => shard.file)])];
}

/** Aliases of a backup, each of one of its collections. Throws `BACKUP_PART_UNREADABLE`. */
export async function readAliases(
  directory: string,
  manifest: BackupManifest,
  collections: readonly ArchivedCollection[],
): Promise<readonly Alias[]> {
  const aliases = await readJsonPart(directory, manifest, aliasesFile, areAliases);
  const names = new Set(collections.map(({ name }) => name));
  const isAlias = ({ alias_name, collection_name }: Alias) =>
    isCollectionName(alias_name) && !isMark(alias_name) && names.has(collection_name);
  if (aliases.every(isAlias)) {
    return aliases.map(({ alias_name, collection_name }) => ({ alias_name, collection_name }));
  }
  throw backupRefused('BACKUP_PART_UNREADABLE', 'qdrant', `${aliasesFile} holds no aliases of its collections`);
}
