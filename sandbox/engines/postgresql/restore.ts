import { availableParallelism } from 'node:os';
import { execInNode } from '../../containers/exec.ts';
import { messageOf, SandboxError } from '../../core/errors.ts';
import { allSettled } from '../../core/side-by-side.ts';
import type { BackupManifest } from '../backup.ts';
import type { RunningEngine } from '../topology.ts';
import { openPrimary, primaryNode } from './connection.ts';
import { definitionOf, dropDatabases, renameAll } from './database-definition.ts';
import type { DescribedDatabase } from './described-databases.ts';
import { requireReadable, requireUsable, roomFor, stagingDirectory } from './restore-checks.ts';
import { readGlobals, restoreGlobals } from './restore-globals.ts';
import { setPasswords } from './schema.ts';
import { type StagedArchive, stageArchives } from './stage-archives.ts';

/** Suffix of databases that are being restored: they get their names together, when all of them are whole. */
const unfinished = '_restoring';

/**
 * Roles, then all databases side by side under names of their own; they get their names together at the end. A restore
 * that was killed leaves databases that the next one replaces.
 */
export async function restore(target: RunningEngine, directory: string, manifest: BackupManifest): Promise<void> {
  const described = await requireReadable(target, directory, manifest);
  const globals = await readGlobals(directory);
  const usable = () => requireUsable(target, { sizeBytes: roomFor(manifest, described), empty: true });
  const fillAll = async (archives: readonly StagedArchive[]) => {
    await restoreGlobals(target, globals, { overwrite: true });
    await restoreUnfinished(
      target,
      archives.filter(({ database }) => database !== 'postgres'),
    );
    // It is there in every server, and cannot be replaced by its own connections: all of it or nothing.
    const own = archives.find(({ database }) => database === 'postgres');
    if (own !== undefined) await fill(target, 'postgres', own, '--single-transaction');
  };
  const finish = async () => {
    const names = described.map(({ name }) => name).filter((name) => name !== 'postgres');
    await renameAll(target, names, { from: unfinished, to: '' });
    await using opened = await openPrimary(target, { database: 'postgres' });
    await setPasswords(opened.client, target);
  };
  await whileStaged(target, { directory, described, usable }, fillAll, finish);
}

/** Into `<database>_restore`. Roles that are there already stay as they are. */
export async function restoreBeside(
  running: RunningEngine,
  directory: string,
  manifest: BackupManifest,
): Promise<readonly string[]> {
  const described = await requireReadable(running, directory, manifest);
  const globals = await readGlobals(directory);
  const usable = () => requireUsable(running, { sizeBytes: roomFor(manifest, described), empty: false });
  const names = described.map(({ name }) => name);
  const fillAll = async (archives: readonly StagedArchive[]) => {
    await restoreGlobals(running, globals, { overwrite: false });
    await restoreUnfinished(running, archives);
  };
  const finish = async () => {
    await dropDatabases(
      running,
      names.map((name) => `${name}_restore`),
    );
    await renameAll(running, names, { from: unfinished, to: '_restore' });
  };
  await whileStaged(running, { directory, described, usable }, fillAll, finish);
  return names.map((name) => `${name}_restore`);
}

interface Archives {
  readonly directory: string;
  readonly described: readonly DescribedDatabase[];
  /** Looks at the target, before the databases are touched. */
  readonly usable: () => Promise<void>;
}

/**
 * Puts all archives into the container and reads each to its end while `usable` looks at the target, then runs `fillAll`.
 * The archives are removed while `finish` runs.
 */
async function whileStaged(
  target: RunningEngine,
  { directory, described, usable }: Archives,
  fillAll: (archives: readonly StagedArchive[]) => Promise<void>,
  finish: () => Promise<void>,
): Promise<void> {
  try {
    const staged = stageArchives(target, directory, described);
    // What is wrong with the target is told first.
    await allSettled([usable(), staged]);
    await fillAll(await staged).catch(brokenOff);
  } catch (thrown) {
    await removeStaged(target);
    throw thrown;
  }
  await allSettled([finish().catch(brokenOff), removeStaged(target)]);
}

function brokenOff(thrown: unknown): never {
  throw thrown instanceof SandboxError ? thrown : restoreFailed(`The restore was broken off: ${messageOf(thrown)}.`);
}

/** A server that was killed keeps them; the next restore writes over them. */
async function removeStaged(target: RunningEngine): Promise<void> {
  await execInNode(primaryNode(target), ['rm', '-rf', stagingDirectory], { user: 'postgres' }).catch(() => {});
}

/** What an earlier restore left half done is replaced; a restore that fails leaves no database behind. */
async function restoreUnfinished(target: RunningEngine, archives: readonly StagedArchive[]): Promise<void> {
  const names = archives.map(({ database }) => `${database}${unfinished}`);
  await dropDatabases(target, names);
  try {
    await allSettled(
      archives.map(async (archive) => {
        const name = `${archive.database}${unfinished}`;
        await using opened = await openPrimary(target, { database: 'postgres' });
        for (const statement of definitionOf(archive.definition, name)) await opened.client.query(statement);
        await fill(target, name, archive, `--jobs=${availableParallelism()}`);
      }),
    );
  } catch (thrown) {
    // Where the server was killed it cannot; the next restore replaces them.
    await dropDatabases(target, names).catch(() => {});
    throw thrown;
  }
}

async function fill(target: RunningEngine, name: string, { file }: StagedArchive, mode: string): Promise<void> {
  const command = ['pg_restore', '--exit-on-error', mode, `--dbname=${name}`, file];
  const result = await execInNode(primaryNode(target), command, { user: 'postgres' });
  if (result.exitCode === 0) return;
  const evidence = result.errorOutput.split('\n').slice(-20).join('\n');
  throw restoreFailed(`pg_restore of ${name} ended with exit code ${result.exitCode}.`, evidence);
}

function restoreFailed(message: string, evidence?: string): SandboxError {
  return new SandboxError({
    code: 'RESTORE_FAILED',
    engine: 'postgresql',
    message,
    next: 'No database has its name yet. Restore again: what is left is replaced.',
    ...(evidence === undefined ? {} : { evidence }),
  });
}
