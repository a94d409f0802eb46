import type { Driver, EagerResult } from 'neo4j-driver';
import type { Dataset } from '../../../../seeds/dataset.ts';
import type { TaskReport } from '../../../core/progress.ts';
import type { LoadReport } from '../../contract/data.ts';
import type { ReachableEngine, RunningEngine } from '../../contract/topology.ts';
import { beginLoad, type LoadMarks } from '../../shared/load/load-marks.ts';
import { loadPart } from '../../shared/load/load-part.ts';
import { loadProgress } from '../../shared/load/load-progress.ts';
import { completeCatalogue } from '../backup/catalogue.ts';
import { applyInitialGraph } from '../schema/schema.ts';
import { withDriver } from '../server/connection.ts';
import { cypherFile } from '../server/cypher-file.ts';
import { loadRecords } from './load-records.ts';
import { type LoadStep, parameterOf, rowsOfSteps, steps } from './load-steps.ts';
import { importOffline, isImportable, rowsForImport } from './offline-import.ts';

/** Rows a transaction, and transactions under way: the sweep is in docs/measurements/loading.md. */
export const rowsPerTransaction = 1_000;
export const transactionsAtOnce = 2;

/** A mark is a transaction of its own: one for every two of rows took a fifth of the load's time (medium, measured). */
const writesPerMark = 8;

/**
 * Replaces users, concepts and knowledge with the dataset's; the initial graph is there afterwards as before.
 * `importFrom` is the number of rows from which they are imported offline, where that can be done.
 */
export async function load(
  running: RunningEngine,
  dataset: Dataset,
  report: TaskReport,
  { importFrom = rowsForImport }: { readonly importFrom?: number } = {},
): Promise<LoadReport> {
  const fingerprint = await dataset.fingerprint();
  const total = rowsOfSteps(dataset.counts);
  const begin = async (driver: Driver) => {
    await completeCatalogue(driver);
    return await beginLoad(fingerprint, loadRecords(driver), () => emptyGraph(driver));
  };
  const imported = await withDriver(running, async (driver) => {
    const marks = await begin(driver);
    const advance = loadProgress(report, total, marks.rowsBefore);
    if (total >= importFrom && marks.rowsBefore === 0 && (await isImportable(running, driver)))
      return { rows: await importOffline(driver, { running, dataset, report, advance }), advance };
    return runSteps({ driver, dataset, marks, advance });
  });
  if (!('rows' in imported)) return imported;
  // Another driver: the transactions that the first one knows of are not in the database that was imported. That one
  // says by itself which rows are there, as after a cut.
  return withDriver(running, async (driver) => {
    const marks = await begin(driver);
    const { loaded } = await runSteps({ driver, dataset, marks, advance: imported.advance });
    return { loaded: { ...loaded, ...imported.rows } };
  });
}

async function runSteps(shared: Omit<Shared, 'loaded'>): Promise<LoadReport> {
  const loaded: Record<string, number> = {};
  for (const step of steps) await runStep({ ...shared, loaded }, step);
  return shared.marks.finish(loaded);
}

export async function loadedFingerprint(running: ReachableEngine): Promise<string | undefined> {
  return withDriver(running, (driver) => loadRecords(driver).readFingerprint());
}

/** A graph that was never loaded holds the initial graph alone, and is left as it is. */
export async function emptyGraph(driver: Driver): Promise<void> {
  const { records } = await driver.executeQuery<EagerResult<{ nodes: number }>>(
    'MATCH (n) WHERE n:User OR n:Concept OR n:Knowledge RETURN count(n) AS nodes',
  );
  if ((records[0]?.get('nodes') ?? 0) > initialNodes) {
    const session = driver.session();
    try {
      // Relationships first: those of 10,000 nodes at once are more than a transaction may hold (30,000 users, measured).
      await session.run(await cypherFile('data', 'load', 'empty-relationships.cypher'));
      await session.run(
        'MATCH (n) WHERE n:User OR n:Concept OR n:Knowledge CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 10000 ROWS',
      );
    } finally {
      await session.close();
    }
  }
  await applyInitialGraph(driver);
}

/** A user, three concepts and a piece of knowledge: `schema/initial-graph.cypher`. */
const initialNodes = 5;

interface Shared {
  readonly driver: Driver;
  readonly dataset: Dataset;
  readonly marks: LoadMarks;
  readonly advance: (rows: number) => void;
  readonly loaded: Record<string, number>;
}

async function runStep({ driver, dataset, marks, advance, loaded }: Shared, step: LoadStep): Promise<void> {
  const { name, entity, only, takenBackFirst } = step;
  const statement = await cypherFile('data', 'load', `${name}.cypher`);
  const takeBack = takenBackFirst && (await cypherFile('data', 'load', `${name}-again.cypher`));
  loaded[name] = 0;
  await loadPart<object>(
    {
      name,
      batches: dataset.batches(entity),
      rowsPerWrite: rowsPerTransaction,
      streams: transactionsAtOnce,
      writesPerMark,
      advance,
      async write(all, mayBeThere) {
        const rows = (only === undefined ? all : all.filter(only)).map(parameterOf);
        if (rows.length === 0) return;
        if (mayBeThere && takeBack !== undefined) await driver.executeQuery(takeBack, { rows });
        await driver.executeQuery(statement, { rows });
        loaded[name] = (loaded[name] ?? 0) + rows.length;
      },
    },
    marks,
  );
}
