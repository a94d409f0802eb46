import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checked, execInNode } from '../../../../containers/runtime/exec.ts';
import { temporaryName } from '../../../../core/text/derived-names.ts';
import { firstNode, type RunningEngine } from '../../../contract/topology.ts';
import { backupRefused } from '../../../shared/backup/backup-files.ts';
import { readFilesAsTar } from '../../../shared/backup/part-files.ts';
import type { CataloguedDatabase } from '../catalogue/catalogue.ts';

/** An archive that lies in the target's container. */
export interface StagedArchive {
  readonly file: string;
  /** Lines of its table of contents, as `pg_restore --use-list` takes them. */
  readonly contents: readonly string[];
  /** Statements about the database itself and its extensions. They are read, and never run. */
  readonly definition: string;
}

/** What lies there for one restore. */
export interface Staged {
  readonly folder: string;
  /** By the name of their database. */
  readonly archives: ReadonlyMap<string, StagedArchive>;
}

/**
 * Bytes of SQL that an archive may unpack to, for each byte that its database is said to have taken on disk: LZ4, which
 * the server keeps long values in, makes 255 bytes of one at most ("LZ4 Block Format", length of a match), and text
 * writes a byte as up to two.
 */
const unpackedPerByte = 512;

/** What a database without anything in it takes, generously, in bytes. */
const emptyBytes = 16 * 2 ** 20;

/** Makes the name of a folder in a container that is this run's alone. */
export const stagingFolder = (): string => `/tmp/${temporaryName()}`;

/** What is to be staged. */
interface Staging {
  readonly directory: string;
  readonly folder: string;
  readonly databases: readonly CataloguedDatabase[];
  /** Whether the statements that make the databases are wanted. */
  readonly definitions: boolean;
}

/** Puts all archives into the container and reads each to its end. Throws `BACKUP_PART_UNREADABLE`, `BACKUP_TOO_LARGE`. */
export async function stageArchives(
  target: RunningEngine,
  { directory, folder, databases, definitions }: Staging,
): Promise<Staged> {
  const script = await readFile(join(import.meta.dirname, '..', '..', 'scripts', 'stage-archives.sh'), 'utf8');
  const dumped = databases.flatMap(({ name, file, sizeBytes }) => (file === null ? [] : [{ name, file, sizeBytes }]));
  const limits = dumped.flatMap(({ file, sizeBytes }) => [
    file,
    String(Math.ceil(sizeBytes + emptyBytes) * unpackedPerByte),
  ]);
  const command = ['bash', '-c', script, 'stage-archives', folder, definitions ? 'definitions' : 'contents', ...limits];
  const input = readFilesAsTar(
    directory,
    dumped.map(({ file }) => file),
  );
  const staged = await execInNode(firstNode(target), command, { user: 'postgres', input });
  const [name, ...evidence] = staged.errorOutput.split('\n');
  if (staged.exitCode === 3) {
    throw backupRefused('BACKUP_PART_UNREADABLE', 'postgresql', `pg_restore cannot read ${name}`, evidence.join('\n'));
  }
  if (staged.exitCode === 4) {
    throw backupRefused('BACKUP_TOO_LARGE', 'postgresql', `${name} unpacks to more than its database can have held`);
  }
  const texts = textsOf(checked(staged, 'Staging the archives', 'postgresql').output);
  const archives = dumped.map(({ name: database, file }, index) => {
    const contents = (texts[2 * index] ?? '').split('\n').filter((line) => /^\d+; /.test(line));
    return [database, { file: `${folder}/${file}`, contents, definition: texts[2 * index + 1] ?? '' }] as const;
  });
  return { folder, archives: new Map(archives) };
}

/** A server that was killed keeps them; the next restore removes them. */
export async function removeStaged(target: RunningEngine, folder: string): Promise<void> {
  await execInNode(firstNode(target), ['rm', '-rf', folder], { user: 'postgres' }).catch(() => {});
}

/** Texts, each after a line with its length in bytes. */
function textsOf(output: string): readonly string[] {
  const bytes = Buffer.from(output);
  const texts: string[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    const lineEnd = bytes.indexOf('\n', offset);
    const textEnd = lineEnd + 1 + Number(bytes.toString('utf8', offset, lineEnd));
    texts.push(bytes.toString('utf8', lineEnd + 1, textEnd));
    offset = textEnd;
  }
  return texts;
}
