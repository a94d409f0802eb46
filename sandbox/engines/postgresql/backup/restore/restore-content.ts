import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setInterval } from 'node:timers/promises';
import type { Client } from 'pg';
import { type CommandResult, execInNode } from '../../../../containers/runtime/exec.ts';
import { SandboxError } from '../../../../core/errors.ts';
import { withoutUndefined } from '../../../../core/without-undefined.ts';
import { firstNode, type RunningEngine } from '../../../contract/topology.ts';
import { backupRefused } from '../../../shared/backup/backup-files.ts';
import { connectionString, identifier, literal } from '../../server/statements.ts';
import type { Content, WidePublication } from '../catalogue/catalogue.ts';
import { makeExtensions, openExtensionTables } from '../catalogue/extensions.ts';
import type { StagedArchive } from './stage-archives.ts';
import { openAdministration, type TemporaryRole } from './temporary-databases.ts';

/** A database that is filled from an archive. */
export interface Filling {
  /** Name that it has meanwhile. */
  readonly name: string;
  /** Owns it, and fills it. */
  readonly role: TemporaryRole;
  readonly archive: StagedArchive;
  readonly content: Pick<Content, 'extensions'> & Partial<Content>;
  /** What it took where it was backed up. */
  readonly sizeBytes: number;
  /** All of it or nothing, where it cannot be dropped. */
  readonly whole: boolean;
  /** Whether places of tables are kept; the role must be allowed to use them. */
  readonly tablespaces: boolean;
}

/** What a filled database may take more than the one that was backed up: as much again by half, and that of an empty one. */
const growth = (sizeBytes: number) => sizeBytes * 1.5 + 32 * 2 ** 20;

/** Numbers of the catalogues that the second figure of a line names: pg_catalog's `CatalogId` macros. */
const catalogues = {
  schema: '2615',
  extension: '3079',
  eventTrigger: '3466',
  subscription: '6100',
  publication: '6104',
  publicationOfSchema: '6237',
} as const;

/**
 * Fills a database as a role that owns it and is nothing else: whatever an archive does, it does as that role, in that
 * database. Extensions are made by us. Returns what `pg_restore` ended with.
 */
export async function fillUnprivileged(target: RunningEngine, filling: Filling): Promise<CommandResult> {
  const { name, role, archive, content } = filling;
  await using opened = await openAdministration(target, name);
  const { client } = opened;
  if (content.objects?.every(({ type, names }) => type !== 'schema' || names[0] !== 'public') === true) {
    await client.query('DROP SCHEMA IF EXISTS public');
  }
  const [schemas, others] = split(archive.contents, content.publications ?? []);
  const made = await runRestore(target, filling, schemas, []);
  if (made.exitCode !== 0) return made;
  await makeExtensions(client, content.extensions);
  await openExtensionTables(client, role.name);
  const mode = filling.whole ? ['--single-transaction'] : [`--jobs=${availableParallelism()}`];
  return await whileBounded(client, filling, () => runRestore(target, filling, others, mode));
}

/** Schemas, which extensions may need, and the rest without what is ours to make. */
function split(
  contents: readonly string[],
  publications: readonly WidePublication[],
): readonly [schemas: readonly string[], others: readonly string[]] {
  const isOf = (line: string, ...wanted: readonly string[]) => wanted.includes(/^\d+; (\d+) /.exec(line)?.[1] ?? '');
  const ours = /^\d+; \d+ \d+ COMMENT - (?:EXTENSION|EVENT TRIGGER|SUBSCRIPTION) /;
  const { schema, publication, ...made } = catalogues;
  // Line breaks of names are spaces there.
  const wide = publications
    .filter(({ allTables }) => allTables)
    .map(({ name }) => ` PUBLICATION - ${name.replaceAll(/[\r\n]/g, ' ')} `);
  const isWide = (line: string) => isOf(line, publication) && wide.some((part) => line.includes(part));
  return [
    contents.filter((line) => isOf(line, schema)),
    contents.filter((line) => !isOf(line, schema, ...Object.values(made)) && !ours.test(line) && !isWide(line)),
  ];
}

async function runRestore(
  target: RunningEngine,
  { name, role, archive, tablespaces }: Filling,
  lines: readonly string[],
  mode: readonly string[],
): Promise<CommandResult> {
  const script = await readFile(join(import.meta.dirname, '..', '..', 'scripts', 'restore-content.sh'), 'utf8');
  const connection = connectionString({ host: '/var/run/postgresql', user: role.name, dbname: name });
  const options = [...mode, ...(tablespaces ? [] : ['--no-tablespaces']), archive.file];
  const command = ['bash', '-c', script, 'restore-content', `${archive.file}.run`, connection, ...options];
  const input = `*:*:*:${role.name}:${role.password}\n${lines.map((line) => `${line}\n`).join('')}`;
  return execInNode(firstNode(target), command, { user: 'postgres', input });
}

/** Milliseconds between two looks at how large a database has become. */
const lookEveryMs = 250;

/** Ends the role's sessions once the database is larger than what was backed up can be. Throws `BACKUP_TOO_LARGE`. */
async function whileBounded<Value>(
  client: Client,
  { name, role, sizeBytes }: Filling,
  work: () => Promise<Value>,
): Promise<Value> {
  const ended = new AbortController();
  const bytesMax = growth(sizeBytes);
  const isTooLarge = async () => {
    const { rows } = await client.query<{ size: string }>('SELECT pg_catalog.pg_database_size($1) AS size', [name]);
    return Number(rows[0]?.size) > bytesMax;
  };
  const watched = (async () => {
    for await (const _ of setInterval(lookEveryMs, undefined, { signal: ended.signal })) {
      if (!(await isTooLarge())) continue;
      await client.query(`ALTER ROLE ${identifier(role.name)} NOLOGIN`);
      await client.query(
        `SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE usename = ${literal(role.name)}`,
      );
      return true;
    }
    return false;
  })().catch((thrown: unknown) => {
    if (ended.signal.aborted) return false;
    throw thrown;
  });
  const [outcome] = await Promise.allSettled([work()]);
  ended.abort();
  // What is done between two looks, as where this process had to wait for the machine, is seen at the end.
  if ((await watched) || (outcome.status === 'fulfilled' && (await isTooLarge()))) {
    const reason = `a database of it grows beyond the ${Math.round(bytesMax)} bytes that its manifest allows`;
    throw backupRefused('BACKUP_TOO_LARGE', 'postgresql', reason);
  }
  if (outcome.status === 'rejected') throw outcome.reason;
  return outcome.value;
}

/** Fills a database of a server that holds nothing else as its superuser: for what nobody else may make. */
export async function fillPrivileged(
  target: RunningEngine,
  { name, archive, whole }: Pick<Filling, 'name' | 'archive' | 'whole'>,
): Promise<void> {
  const mode = whole ? '--single-transaction' : `--jobs=${availableParallelism()}`;
  const command = [
    'pg_restore',
    '--exit-on-error',
    mode,
    `--dbname=${connectionString({ dbname: name })}`,
    archive.file,
  ];
  const result = await execInNode(firstNode(target), command, { user: 'postgres' });
  if (result.exitCode !== 0) throw contentFailed(name, result);
}

export function contentFailed(database: string, { exitCode, errorOutput }: CommandResult): SandboxError {
  return restoreFailed(
    `pg_restore of ${JSON.stringify(database)} ended with exit code ${exitCode}.`,
    errorOutput.split('\n').slice(-20).join('\n'),
  );
}

export function restoreFailed(message: string, evidence?: string): SandboxError {
  return new SandboxError({
    code: 'RESTORE_FAILED',
    engine: 'postgresql',
    message,
    next: 'No database has its name yet. Restore again: what is left is replaced.',
    ...withoutUndefined({ evidence }),
  });
}
