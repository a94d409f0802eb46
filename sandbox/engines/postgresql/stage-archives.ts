import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checked, execInNode } from '../../containers/exec.ts';
import { backupRefused } from '../backup-files.ts';
import { readFilesAsTar } from '../part-files.ts';
import type { RunningEngine } from '../topology.ts';
import { primaryNode } from './connection.ts';
import { archiveOf, type DescribedDatabase } from './described-databases.ts';
import { stagingDirectory } from './restore-checks.ts';

/** An archive that lies in the target's container. */
export interface StagedArchive {
  readonly database: string;
  readonly file: string;
  /** Statements that make the database, without what is in it. */
  readonly definition: string;
}

/** Puts all archives into the container and reads each to its end. Throws `BACKUP_PART_UNREADABLE`. */
export async function stageArchives(
  target: RunningEngine,
  directory: string,
  described: readonly DescribedDatabase[],
): Promise<readonly StagedArchive[]> {
  const script = await readFile(join(import.meta.dirname, 'scripts', 'stage-archives.sh'), 'utf8');
  const names = described.map(({ name }) => archiveOf(name));
  const command = ['bash', '-c', script, 'stage-archives', stagingDirectory, ...names];
  const input = readFilesAsTar(directory, names);
  const staged = await execInNode(primaryNode(target), command, { user: 'postgres', input });
  if (staged.exitCode === 3) {
    const [name, ...evidence] = staged.errorOutput.split('\n');
    const reason = `pg_restore cannot read ${name}`;
    throw backupRefused('BACKUP_PART_UNREADABLE', 'postgresql', reason, evidence.join('\n'));
  }
  const definitions = definitionsOf(checked(staged, 'Staging the archives', 'postgresql').output);
  return described.map(({ name: database }, index) => ({
    database,
    file: `${stagingDirectory}/${names[index]}`,
    definition: definitions[index] ?? '',
  }));
}

/** Texts, each after a line with its length in bytes. */
function definitionsOf(output: string): readonly string[] {
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
