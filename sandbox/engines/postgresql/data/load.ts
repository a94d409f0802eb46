import type { Client } from 'pg';
import type { Dataset } from '../../../../seeds/dataset.ts';
import type { EntityName } from '../../../../seeds/entities.ts';
import { AsyncDisposableStack } from '../../../core/disposable-stack.ts';
import type { TaskReport } from '../../../core/progress.ts';
import type { LoadReport } from '../../contract/data.ts';
import type { ReachableEngine, RunningEngine } from '../../contract/topology.ts';
import { loadReport } from '../../shared/load/load-marks.ts';
import { loadProgress } from '../../shared/load/load-progress.ts';
import { type DatabaseName, openPrimary } from '../server/connection.ts';
import { inTransaction } from '../server/in-transaction.ts';
import { copyTable } from './copy-table.ts';
import { beginDatabase, type DatabaseMarks, endDatabase, putBack, putBackIfBegun } from './load-records.ts';
import { type TableLoad, tableLoads } from './rows.ts';

/** Database whose record says what was loaded: it is the last one to be done. */
const recordDatabase: DatabaseName = 'taishang_users';

const databaseNames = [...new Set(tableLoads.map(({ database }) => database))];

/**
 * Memory for one index that is built: the graph of 50,000 vectors of 768 dimensions (`large`) fits, and where it does
 * not pgvector inserts row by row. One process: several would need it as shared memory, of which a container has little.
 */
const buildSettings = "SET maintenance_work_mem = '320MB'; SET max_parallel_maintenance_workers = 0";

/** Replaces the rows of every table; indexes and foreign keys come afterwards. */
export async function load(running: RunningEngine, dataset: Dataset, report: TaskReport): Promise<LoadReport> {
  const fingerprint = await dataset.fingerprint();
  const isFinished = (await loadedFingerprint(running)) !== undefined;
  if (isFinished) await forgetFingerprint(running);
  await using opened = new AsyncDisposableStack();
  const databases = await Promise.all(
    databaseNames.map(async (name) => {
      const { client } = opened.use(await openPrimary(running, { database: name }));
      const loads = tableLoads.filter(({ database }) => database === name);
      const tables = loads.map(({ table }) => table);
      return { name, client, loads, marks: await beginDatabase(client, tables, { dataset: fingerprint, isFinished }) };
    }),
  );
  const rowsBefore = sum(databases.flatMap(({ loads, marks }) => loads.map(({ table }) => marks.rowsOf(table))));
  const total = sum(tableLoads.map(({ entity }) => dataset.counts[entity]));
  const advance = loadProgress(report, total, rowsBefore);
  await Promise.all(
    lanesOf(databases).map(async (lane) => {
      for (const database of lane) await loadDatabase(database, dataset, advance);
    }),
  );
  await finish(databases, fingerprint);
  const loaded = tableLoads.map(({ database, table, entity }) => [`${database}.${table}`, dataset.counts[entity]]);
  const resumed = databases.some(({ marks }) => marks.resumed);
  return loadReport(Object.fromEntries(loaded), { resumed, rowsBefore });
}

/**
 * The index over vectors takes as long as everything else, and one process: it is built beside the other databases. Each
 * further table that is read at once would hold some thousand rows more in memory.
 */
function lanesOf(databases: readonly LoadingDatabase[]): readonly (readonly LoadingDatabase[])[] {
  const isOfVectors = ({ loads }: LoadingDatabase) => loads.some(({ binary }) => binary);
  return [databases.filter(isOfVectors), databases.filter((database) => !isOfVectors(database))];
}

interface LoadingDatabase {
  readonly name: DatabaseName;
  readonly client: Client;
  readonly loads: readonly TableLoad<EntityName>[];
  readonly marks: DatabaseMarks;
}

async function loadDatabase(
  { client, loads, marks }: LoadingDatabase,
  dataset: Dataset,
  advance: (rows: number) => void,
): Promise<void> {
  // A transaction is on disk with the last one: each waiting for the disk would cost more than it brings here.
  await client.query(`SET synchronous_commit = off; ${buildSettings}`);
  for (const table of loads) {
    await copyTable(client, {
      table,
      batches: dataset.batches(table.entity) as AsyncIterable<readonly never[]>,
      from: marks.rowsOf(table.table),
      advance,
    });
  }
  await putBack(client);
  await settle(
    client,
    loads.map(({ table }) => table),
  );
  await client.query('SET synchronous_commit = on');
}

/**
 * Does now what the first autovacuum would do a minute later: row estimates, the visibility map and the pending lists of
 * GIN indexes decide about plans and speed, and what is loaded stays as it is. Counts of what was loaded are written
 * first: after the vacuum they would call for another one.
 */
async function settle(client: Client, tables: readonly string[]): Promise<void> {
  await client.query('SELECT pg_stat_force_next_flush()');
  await client.query(`VACUUM (ANALYZE) ${tables.join(', ')}`);
}

/** What is cut off in here begins anew with the databases whose records are gone already: they are the small ones. */
async function finish(databases: readonly LoadingDatabase[], fingerprint: string): Promise<void> {
  const inOrder = databases.toSorted((left) => (left.name === recordDatabase ? 1 : -1));
  for (const { name, client } of inOrder) {
    await inTransaction(client, async () => {
      await endDatabase(client);
      if (name === recordDatabase) await remember(client, fingerprint);
    });
  }
}

async function remember(client: Client, fingerprint: string): Promise<void> {
  await client.query('INSERT INTO sandbox.dataset (fingerprint) VALUES ($1)', [fingerprint]);
}

/** Says that a dataset was loaded. */
export async function recordLoaded(running: RunningEngine, fingerprint: string): Promise<void> {
  await using opened = await openPrimary(running, { database: recordDatabase });
  await remember(opened.client, fingerprint);
}

/** Takes everything away that {@link load} brings. */
export async function emptyTables(running: RunningEngine): Promise<void> {
  await forgetFingerprint(running);
  for (const database of databaseNames) {
    await using opened = await openPrimary(running, { database });
    const tables = tableLoads.filter((load) => load.database === database).map(({ table }) => table);
    await putBackIfBegun(opened.client);
    await opened.client.query(`TRUNCATE ${tables.join(', ')}`);
  }
}

export async function forgetFingerprint(running: RunningEngine): Promise<void> {
  await using opened = await openPrimary(running, { database: recordDatabase });
  await opened.client.query('TRUNCATE sandbox.dataset');
}

export async function loadedFingerprint(running: ReachableEngine): Promise<string | undefined> {
  await using opened = await openPrimary(running, { database: recordDatabase });
  const { rows } = await opened.client.query<{ fingerprint: string }>('SELECT fingerprint FROM sandbox.dataset');
  return rows[0]?.fingerprint;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
