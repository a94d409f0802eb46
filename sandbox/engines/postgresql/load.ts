import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import type { Client } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { Dataset } from '../../../seeds/dataset.ts';
import type { EntityName } from '../../../seeds/entities.ts';
import type { TaskReport } from '../../core/progress.ts';
import type { LoadReport } from '../engine.ts';
import type { RunningEngine } from '../topology.ts';
import { type DatabaseName, openPrimary } from './connection.ts';
import { type TableLoad, tableLoads } from './rows.ts';
import { inTransaction } from './schema.ts';

/** Rows are handed to COPY in pieces of about this many characters: one row a piece costs a full core. */
const pieceLength = 64 * 1024;

/** Replaces the rows of every table, database by database side by side, each in one transaction. */
export async function load(running: RunningEngine, dataset: Dataset, report: TaskReport): Promise<LoadReport> {
  const loaded: Record<string, number> = {};
  const total = tableLoads.reduce((sum, { entity }) => sum + dataset.counts[entity], 0);
  let done = 0;
  const advance = (rows: number) => {
    done += rows;
    report.advance({ done, total });
  };
  await forgetFingerprint(running);
  const names = [...new Set(tableLoads.map(({ database }) => database))];
  await Promise.all(
    names.map(async (database) => {
      const tables = tableLoads.filter((table) => table.database === database);
      await using opened = await openPrimary(running, { database });
      await inTransaction(opened.client, async () => {
        await opened.client.query(`TRUNCATE ${tables.map(({ table }) => table).join(', ')}`);
        for (const table of tables) {
          loaded[`${database}.${table.table}`] = await copyTable(opened.client, table, dataset, advance);
        }
      });
      await opened.client.query('ANALYZE');
    }),
  );
  await rememberFingerprint(running, await dataset.fingerprint());
  return { loaded };
}

async function copyTable(
  client: Client,
  { table, columns, entity, row }: TableLoad<EntityName>,
  dataset: Dataset,
  advance: (rows: number) => void,
): Promise<number> {
  const stream = client.query(copyFrom(`COPY ${table} (${columns.join(', ')}) FROM STDIN`));
  const ended = finished(stream);
  ended.catch(() => {});
  let count = 0;
  let piece = '';
  const flush = async () => {
    if (piece !== '' && !stream.write(piece)) await Promise.race([once(stream, 'drain'), ended]);
    piece = '';
  };
  for await (const batch of dataset.batches(entity)) {
    for (const entry of batch) {
      piece += `${row(entry).map(copyText).join('\t')}\n`;
      if (piece.length >= pieceLength) await flush();
    }
    count += batch.length;
    advance(batch.length);
  }
  await flush();
  stream.end();
  await ended;
  return count;
}

/** Text form of COPY (PostgreSQL documentation, "COPY", "Text Format"). */
function copyText(value: unknown): string {
  if (value === null || value === undefined) return '\\N';
  if (value instanceof Date) return value.toISOString();
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  return /[\\\t\n\r]/.test(text)
    ? text.replaceAll('\\', '\\\\').replaceAll('\t', '\\t').replaceAll('\n', '\\n').replaceAll('\r', '\\r')
    : text;
}

const recordDatabase: DatabaseName = 'taishang_users';

async function forgetFingerprint(running: RunningEngine): Promise<void> {
  await using opened = await openPrimary(running, { database: recordDatabase });
  await opened.client.query('TRUNCATE sandbox.dataset');
}

async function rememberFingerprint(running: RunningEngine, fingerprint: string): Promise<void> {
  await using opened = await openPrimary(running, { database: recordDatabase });
  await opened.client.query('INSERT INTO sandbox.dataset (fingerprint) VALUES ($1)', [fingerprint]);
}

export async function loadedFingerprint(running: RunningEngine): Promise<string | undefined> {
  await using opened = await openPrimary(running, { database: recordDatabase });
  const { rows } = await opened.client.query<{ fingerprint: string }>('SELECT fingerprint FROM sandbox.dataset');
  return rows[0]?.fingerprint;
}
