import type { BackupManifest } from '../backup.ts';
import { backupRefused, readJsonPart } from '../backup-files.ts';
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

/** Collections of a backup. Throws `BACKUP_PART_UNREADABLE`. */
export async function readCollections(
  directory: string,
  manifest: BackupManifest,
): Promise<readonly ArchivedCollection[]> {
  const snapshots = new Set(manifest.parts.map(({ path }) => path).filter((path) => path.endsWith(snapshotSuffix)));
  const collections = manifest.parts.some(({ path }) => path === collectionsFile)
    ? await readJsonPart<readonly ArchivedCollection[]>(directory, manifest, collectionsFile)
    : namedByTheirFiles(snapshots);
  const problem = problemOf(collections, snapshots);
  if (problem === undefined) return collections;
  throw backupRefused('BACKUP_PART_UNREADABLE', 'qdrant', `${collectionsFile} will not do: ${problem}`);
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

function problemOf(value: unknown, snapshots: ReadonlySet<string>): string | undefined {
  if (!Array.isArray(value)) return 'it is no list';
  const collections = value as readonly (Partial<ArchivedCollection> | null)[];
  const wrong = collections.find((each) => !isCollection(each, snapshots));
  if (wrong !== undefined) return `${JSON.stringify(wrong)?.slice(0, 200)} is no collection of it`;
  if (new Set(collections.map((each) => each?.name)).size < collections.length) return 'it names a collection twice';
  const named = new Set(collections.flatMap((each) => filesOf(each as ArchivedCollection)));
  const stray = [...snapshots].find((file) => !named.has(file));
  return stray === undefined ? undefined : `${stray} is of no collection`;
}

function isCollection(value: Partial<ArchivedCollection> | null, snapshots: ReadonlySet<string>): boolean {
  const { name, file, shards = [] } = value ?? {};
  const isFile = (text: unknown) => typeof text === 'string' && snapshots.has(text);
  return (
    isCollectionName(name) &&
    isFile(file) &&
    Array.isArray(shards) &&
    shards.every((shard) => Number.isSafeInteger(shard?.id) && shard.id >= 0 && isFile(shard.file))
  );
}

/** Names that the server gives (Qdrant 1.19, `common/validation.rs`), and that mean themselves in an address. */
function isCollectionName(name: unknown): boolean {
  return (
    typeof name === 'string' && /^[^/\0]{1,255}$/u.test(name) && name.isWellFormed() && name !== '.' && name !== '..'
  );
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
  const aliases = await readJsonPart<readonly Alias[]>(directory, manifest, aliasesFile);
  const names = new Set(collections.map(({ name }) => name));
  const isAlias = (value: Partial<Alias> | null) =>
    isCollectionName(value?.alias_name) && !isMark(value?.alias_name ?? '') && names.has(value?.collection_name ?? '');
  if (Array.isArray(aliases) && aliases.every(isAlias)) {
    return aliases.map(({ alias_name, collection_name }) => ({ alias_name, collection_name }));
  }
  throw backupRefused('BACKUP_PART_UNREADABLE', 'qdrant', `${aliasesFile} holds no aliases of its collections`);
}
