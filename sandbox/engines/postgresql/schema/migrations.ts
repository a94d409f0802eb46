import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Client, DatabaseError } from 'pg';
import { messageOf } from '../../../core/errors.ts';
import type { MigrationFile, MigrationFiles } from '../../contract/schema/migrations.ts';
import { firstNode, type RunningEngine } from '../../contract/topology.ts';
import { migrationFailed } from '../../shared/migrations/migration-failed.ts';
import { mainDatabase, openClient, openPrimary } from '../server/connection.ts';
import { lineOf } from '../server/line-of-error.ts';
import { statementLines } from '../server/statement-lines.ts';

/**
 * Files of SQL, as the superuser in the database of `DATABASE_MIGRATION_URL`. The statements of a file are sent at once, and so
 * are one transaction (PostgreSQL documentation, "Multiple Statements in a Simple Query"), unless the file has its own; what
 * may be in none, such as `CREATE INDEX CONCURRENTLY`, is in a file of its own.
 */
export const migrations: MigrationFiles = { endings: ['.sql'], prepare, run };

async function prepare(running: RunningEngine): Promise<void> {
  await using opened = await openPrimary(running, { database: mainDatabase });
  await opened.client.query(await readFile(join(import.meta.dirname, 'own-schema-rights.sql'), 'utf8'));
}

async function run(running: RunningEngine, file: MigrationFile): Promise<void> {
  // Without a limit: a data migration may take minutes, and an interrupt ends it.
  const unlimited = { queryTimeoutMs: 0 };
  await using opened = await openClient(firstNode(running), running.secrets, { database: mainDatabase }, unlimited);
  const { client } = opened;
  const done = countStatements(client);
  try {
    await client.query(file.text);
  } catch (thrown) {
    const line = lineOf(thrown, file.text) ?? statementLines(file.text)[done()] ?? 1;
    throw migrationFailed('postgresql', `${file.shown}:${line}`, reasonOf(thrown), { cause: thrown });
  }
  if (await isInTransaction(client))
    throw migrationFailed(
      'postgresql',
      file.shown,
      'it leaves a transaction open, which is rolled back: COMMIT is missing',
    );
}

/** How many statements the server has said are done. The driver tells results of all or of none. */
function countStatements(client: Client): () => number {
  let count = 0;
  const { connection } = client as unknown as { readonly connection: NodeJS.EventEmitter };
  connection.on('commandComplete', () => {
    count += 1;
  });
  connection.on('emptyQuery', () => {
    count += 1;
  });
  return () => count;
}

/** The server warns, by this code, where there is nothing to roll back (PostgreSQL documentation, "Error Codes"). */
async function isInTransaction(client: Client): Promise<boolean> {
  let isOpen = true;
  client.on('notice', ({ code }) => {
    if (code === '25P01') isOpen = false;
  });
  await client.query('SET client_min_messages = warning; ROLLBACK');
  return isOpen;
}

function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof DatabaseError)) return messageOf(thrown);
  // `\\restrict` is in what pg_dump writes, `\\i` and `\\copy` in what psql reads.
  const isOfPsql = thrown.message.endsWith('at or near "\\"');
  const advice = isOfPsql
    ? 'A backslash begins a command of psql, which is no SQL: take it out, or name psql as `command`'
    : thrown.hint;
  return [thrown.message, thrown.detail, advice].filter((part) => part !== undefined).join('. ');
}
