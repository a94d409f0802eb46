import { createReadStream, createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { checked, execInNode } from '../../containers/exec.ts';
import { SandboxError } from '../../core/errors.ts';
import { backupRefused, describePart, verifyParts } from '../backup-files.ts';
import type { Backup, BackupManifest, RunningEngine } from '../engine.ts';
import { targetNotEmpty } from '../restore-target.ts';
import { databases, openPrimary, primaryNode } from './connection.ts';
import { setPasswords } from './schema.ts';

const globalsFile = 'globals.sql';
const archiveOf = (database: string) => `${database}.dump`;

export const backup: Backup = {
  backUp,
  restore,
  restoreBeside: { notSupported: 'a restore goes into an empty server' },
  writeAfterwards,
};

/** Roles with `pg_dumpall --globals-only`, then each database with `pg_dump -Fc -C`, side by side. */
async function backUp(running: RunningEngine, directory: string): Promise<BackupManifest> {
  const position = await currentPosition(running);
  await Promise.all([
    dump(running, ['pg_dumpall', '--globals-only'], join(directory, globalsFile)),
    ...databases.map((database) =>
      dump(running, ['pg_dump', '--format=custom', '--create', database], join(directory, archiveOf(database))),
    ),
  ]);
  return {
    formatVersion: 1,
    engine: 'postgresql',
    serverVersion: running.serverVersion,
    origin: running.image.origin,
    method: 'pg_dumpall --globals-only, pg_dump --format=custom --create per database',
    consistentPoint: { no: 'each database is dumped from a snapshot of its own' },
    position,
    parts: await Promise.all([globalsFile, ...databases.map(archiveOf)].map((path) => describePart(directory, path))),
  };
}

/** Before the dumps begin: what was committed by then is in them. */
async function currentPosition(running: RunningEngine): Promise<string> {
  await using opened = await openPrimary(running, { database: 'postgres' });
  const { rows } = await opened.client.query<{ lsn: string }>('SELECT pg_current_wal_lsn() AS lsn');
  return `lsn ${rows[0]?.lsn}`;
}

/** As the server's own user over its socket: no password is needed. */
async function dump(running: RunningEngine, command: readonly string[], file: string): Promise<void> {
  // The verifiers of the roles are in it.
  const output = createWriteStream(file, { mode: 0o600 });
  const written = finished(output);
  checked(
    await execInNode(primaryNode(running), command, { user: 'postgres', outputTo: output }),
    command[0] ?? '',
    'postgresql',
  );
  await written;
}

async function restore(target: RunningEngine, directory: string, manifest: BackupManifest): Promise<void> {
  await verifyParts(directory, manifest);
  await Promise.all(databases.map((database) => readWholeArchive(target, join(directory, archiveOf(database)))));
  await refuseIfUsed(target);

  await restoreGlobals(target, await readFile(join(directory, globalsFile), 'utf8'));
  await Promise.all(databases.map((database) => restoreDatabase(target, join(directory, archiveOf(database)))));
  await using opened = await openPrimary(target, { database: 'postgres' });
  await setPasswords(opened.client, target);
}

/** A truncated archive still lists its contents: only reading it to the end finds out. */
async function readWholeArchive(target: RunningEngine, file: string): Promise<void> {
  const read = await execInNode(primaryNode(target), ['pg_restore', '--file=/dev/null'], {
    user: 'postgres',
    input: createReadStream(file),
  });
  if (read.exitCode !== 0)
    throw backupRefused('BACKUP_PART_UNREADABLE', 'postgresql', `pg_restore cannot read ${file}`, read.errorOutput);
}

async function refuseIfUsed(target: RunningEngine): Promise<void> {
  await using opened = await openPrimary(target, { database: 'postgres' });
  const { rows } = await opened.client.query<{ datname: string }>(
    'SELECT datname FROM pg_database WHERE datname = ANY ($1)',
    [databases],
  );
  if (rows.length > 0) throw targetNotEmpty('postgresql', rows.map((row) => row.datname).join(', '));
}

/** The superuser is there already and keeps the stack's password; so may roles that a topology needs. */
async function restoreGlobals(target: RunningEngine, text: string): Promise<void> {
  await using opened = await openPrimary(target, { database: 'postgres' });
  const { rows } = await opened.client.query<{ rolname: string }>('SELECT rolname FROM pg_roles');
  const there = new Set(rows.map(({ rolname }) => rolname));
  const kept = text.split('\n').filter((line) => {
    const created = /^CREATE ROLE "?([^";]+)"?;/.exec(line)?.[1];
    return (created === undefined || !there.has(created)) && !/^ALTER ROLE "?postgres"? /.test(line);
  });
  await run(target, ['psql', '--no-psqlrc', '--quiet', '--set=ON_ERROR_STOP=1', '--dbname=postgres'], kept.join('\n'));
}

async function restoreDatabase(target: RunningEngine, file: string): Promise<void> {
  await run(target, ['pg_restore', '--create', '--exit-on-error', '--dbname=postgres'], createReadStream(file));
}

async function run(
  target: RunningEngine,
  command: readonly string[],
  input: string | ReturnType<typeof createReadStream>,
): Promise<void> {
  const result = await execInNode(primaryNode(target), command, { user: 'postgres', input });
  if (result.exitCode === 0) return;
  throw new SandboxError({
    code: 'RESTORE_FAILED',
    engine: 'postgresql',
    message: `${command[0]} ended with exit code ${result.exitCode}.`,
    next: 'Its output is below. Restore into a fresh node again.',
    evidence: result.errorOutput.split('\n').slice(-20).join('\n'),
  });
}

async function writeAfterwards(target: RunningEngine): Promise<void> {
  await using opened = await openPrimary(target, { database: 'taishang_users', role: 'taishang_user' });
  const { client } = opened;
  const name = 'write-after-restore';
  await client.query('INSERT INTO users (username, email, password_hash) VALUES ($1, $1, $1)', [name]);
  const { rowCount } = await client.query('DELETE FROM users WHERE username = $1', [name]);
  if (rowCount !== 1) throw new Error(`wrote one user and deleted ${rowCount}`);
}
