import { execInNode } from '../../../containers/runtime/exec.ts';
import { messageOf, SandboxError } from '../../../core/errors.ts';
import { allSettled } from '../../../core/run-concurrently.ts';
import type { Backup, BackupManifest, BackupPart } from '../../contract/backup.ts';
import { firstNode, type RunningEngine } from '../../contract/topology.ts';
import { openPart, writePart } from '../../shared/backup/backup-files.ts';
import { manifestHeader } from '../../shared/backup/manifest-header.ts';
import { openPrimary } from '../server/connection.ts';
import { connectionString } from '../server/statements.ts';
import { asSpecified } from './as-specified.ts';
import { bare } from './backup-reference.ts';
import { doors } from './catalogue/archived-doors.ts';
import type { CataloguedDatabase } from './catalogue/catalogue.ts';
import { holdsSomething, initialDatabases, ownDatabases } from './catalogue/described-databases.ts';
import { databasesFile, fileNames, globalsFile, readContent, readServer } from './catalogue/read-catalogue.ts';
import { withConnectable } from './catalogue/unconnectable.ts';
import { leftOut } from './left-out.ts';
import { missingWithout } from './missing-without.ts';
import { discardBeside, restore, restoreBeside } from './restore/restore.ts';

export const backup = {
  leftOut,
  missingWithout,
  backUp,
  restore,
  restoreBeside,
  discardBeside,
  doors,
  writeAfterwards,
  bare,
  asSpecified,
} satisfies Backup;

/** What belongs to no database as data out of the catalogues, and what is in each database with `pg_dump -Fc`, side by side. */
async function backUp(running: RunningEngine, directory: string): Promise<BackupManifest> {
  const { position, databases, ...globals } = await describeSource(running).catch((thrown: unknown) => {
    throw backupFailed(`The server does not say what is in it: ${messageOf(thrown)}.`);
  });
  const files = fileNames(databases);
  const dumped = await allSettled(
    databases.map(async (database) => dumpDatabase(running, directory, database, files.get(database.name) ?? '')),
  );
  const parts = [
    await writePart(directory, databasesFile, textOf(dumped.map(({ database }) => database))),
    await writePart(directory, globalsFile, textOf(globals)),
    ...dumped.flatMap(({ part }) => (part === undefined ? [] : [part])),
  ];
  return {
    ...manifestHeader(running),
    method: 'roles, rights and settings from the catalogues, pg_dump --format=custom per database',
    consistentPoint: {
      no: 'each database is from one moment, but each from its own: a snapshot cannot be shared between databases',
    },
    position,
    parts,
  };
}

const textOf = (value: unknown) => `${JSON.stringify(value, null, 1)}\n`;

/** Before the dumps begin: what was committed by then is in them. */
async function describeSource(running: RunningEngine) {
  await using opened = await openPrimary(running, { database: 'postgres' });
  const { rows } = await opened.client.query<{ lsn: string }>('SELECT pg_current_wal_lsn() AS lsn');
  const own = await ownDatabases(opened.client);
  const catalogue = await readServer(
    opened.client,
    own.map(({ name }) => name),
  );
  return { position: `lsn ${rows[0]?.lsn}`, ...catalogue };
}

interface Dumped {
  readonly database: CataloguedDatabase;
  readonly part?: BackupPart;
}

async function dumpDatabase(
  running: RunningEngine,
  directory: string,
  database: CataloguedDatabase,
  file: string,
): Promise<Dumped> {
  return withConnectable(running, database, async (source) => {
    if (initialDatabases.has(database.name) && !(await holdsSomething(running, source))) {
      return { database: { ...database, content: null } };
    }
    await using opened = await openPrimary(running, { database: source });
    const { client } = opened;
    // The dump and what we read ourselves are of one moment.
    await client.query(
      `SET idle_in_transaction_session_timeout = 0; SET transaction_timeout = 0;
       BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY`,
    );
    const { rows } = await client.query<{ snapshot: string }>('SELECT pg_catalog.pg_export_snapshot() AS snapshot');
    const { objects, ...content } = await readContent(client);
    const part = await dump(running, dumpCommand(source, rows[0]?.snapshot ?? ''), directory, file);
    await client.query('COMMIT');
    const owned = objects.map(({ identity: _, follows: __, ...object }) => object);
    return { database: { ...database, file, content: { ...content, objects: owned } }, part };
  });
}

/** zstd takes a fifth of the time of the default, gzip, at the same size. */
const dumpCommand = (database: string, snapshot: string) => [
  'pg_dump',
  '--format=custom',
  '--compress=zstd',
  '--no-subscriptions',
  `--snapshot=${snapshot}`,
  `--dbname=${connectionString({ dbname: database })}`,
];

/** As the server's own user over its socket: no password is needed. */
async function dump(
  running: RunningEngine,
  command: readonly string[],
  directory: string,
  path: string,
): Promise<BackupPart> {
  const { stream, written } = openPart(directory, path);
  const ended = await execInNode(firstNode(running), command, { user: 'postgres', outputTo: stream });
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
