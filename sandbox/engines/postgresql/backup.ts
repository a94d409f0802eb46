import { execInNode } from '../../containers/exec.ts';
import { messageOf, SandboxError } from '../../core/errors.ts';
import { allSettled } from '../../core/side-by-side.ts';
import type { Backup, BackupManifest, BackupPart } from '../backup.ts';
import { openPart, writePart } from '../backup-files.ts';
import type { RunningEngine } from '../topology.ts';
import { asSpecified } from './as-specified.ts';
import { bare, dumpCommand } from './backup-reference.ts';
import { openPrimary, primaryNode } from './connection.ts';
import { archiveOf, type DescribedDatabase, databasesFile, globalsFile, ourDatabases } from './described-databases.ts';
import { restore, restoreBeside } from './restore.ts';

export const backup: Backup = {
  leftOut: async () => [],
  backUp,
  restore,
  restoreBeside,
  writeAfterwards,
  bare,
  asSpecified,
};

/** Roles with `pg_dumpall --globals-only`, and each database with `pg_dump -Fc -C`, side by side. */
async function backUp(running: RunningEngine, directory: string): Promise<BackupManifest> {
  const { position, described } = await describeSource(running).catch((thrown: unknown) => {
    throw backupFailed(`The server does not say what is in it: ${messageOf(thrown)}.`);
  });
  const parts = await allSettled([
    writePart(directory, databasesFile, `${JSON.stringify(described, null, 2)}\n`),
    dump(running, ['pg_dumpall', '--globals-only'], directory, globalsFile),
    ...described.map(({ name }) => dump(running, dumpCommand(name), directory, archiveOf(name))),
  ]);
  return {
    formatVersion: 1,
    engine: 'postgresql',
    serverVersion: running.serverVersion,
    origin: running.image.origin,
    method: 'pg_dumpall --globals-only, pg_dump --format=custom --create per database',
    consistentPoint: {
      no: 'each database is from one moment, but each from its own: a snapshot cannot be shared between databases',
    },
    position,
    parts,
  };
}

/** Before the dumps begin: what was committed by then is in them. */
async function describeSource(
  running: RunningEngine,
): Promise<{ readonly position: string; readonly described: readonly DescribedDatabase[] }> {
  await using opened = await openPrimary(running, { database: 'postgres' });
  const { rows } = await opened.client.query<{ lsn: string }>('SELECT pg_current_wal_lsn() AS lsn');
  return { position: `lsn ${rows[0]?.lsn}`, described: await ourDatabases(opened.client) };
}

/** As the server's own user over its socket: no password is needed. */
async function dump(
  running: RunningEngine,
  command: readonly string[],
  directory: string,
  path: string,
): Promise<BackupPart> {
  const { stream, written } = openPart(directory, path);
  const ended = await execInNode(primaryNode(running), command, { user: 'postgres', outputTo: stream });
  const part = await written;
  if (ended.exitCode === 0) return part;
  const evidence = ended.errorOutput.split('\n').slice(-20).join('\n');
  throw backupFailed(`${command[0]} ended with exit code ${ended.exitCode}: ${path} is not whole.`, evidence);
}

function backupFailed(message: string, evidence = ''): SandboxError {
  return new SandboxError({ code: 'BACKUP_FAILED', engine: 'postgresql', message, next: 'Back up again.', evidence });
}

async function writeAfterwards(target: RunningEngine): Promise<void> {
  await using opened = await openPrimary(target, { database: 'taishang_users', role: 'taishang_user' });
  const { client } = opened;
  const name = 'write-after-restore';
  await client.query('INSERT INTO users (username, email, password_hash) VALUES ($1, $1, $1)', [name]);
  const { rowCount } = await client.query('DELETE FROM users WHERE username = $1', [name]);
  if (rowCount !== 1) throw new Error(`wrote one user and deleted ${rowCount}`);
}
