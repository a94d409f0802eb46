import type { Driver } from 'neo4j-driver';
import type { Dataset } from '../../../../seeds/dataset.ts';
import { type BaselineLoad, unprepared, writeAll } from '../../contract/data/baseline-load.ts';
import { withDriver } from '../server/connection.ts';
import { cypherFile } from '../server/cypher-file.ts';
import { emptyGraph, rowsPerTransaction, transactionsAtOnce } from './load.ts';
import { loadRecords } from './load-records.ts';
import { type LoadStep, parameterOf, steps } from './load-steps.ts';

/** A loop of the driver's `executeQuery` over the same statements and batches, and nothing around it. */
export const baselineLoad: BaselineLoad = {
  name: 'driver loop',
  description: `UNWIND of ${rowsPerTransaction} rows a transaction, ${transactionsAtOnce} at once`,
  wantedRatio: 0.95,
  empty: (running) =>
    withDriver(running, async (driver) => {
      await loadRecords(driver).forget();
      await emptyGraph(driver);
    }),
  prepare: async (running, dataset) =>
    unprepared(() =>
      withDriver(running, async (driver) => {
        for (const step of steps) await runStep(driver, dataset, step);
      }),
    ),
  record: (running, dataset) =>
    withDriver(running, async (driver) => loadRecords(driver).finish(await dataset.fingerprint())),
};

async function runStep(driver: Driver, dataset: Dataset, { name, entity, only }: LoadStep): Promise<void> {
  const statement = await cypherFile('data', 'load', `${name}.cypher`);
  const limits = { rowsPerWrite: rowsPerTransaction, writesAtOnce: transactionsAtOnce };
  await writeAll<object>(dataset.batches(entity), limits, async (batch) => {
    const rows = (only === undefined ? batch : batch.filter(only)).map(parameterOf);
    if (rows.length > 0) await driver.executeQuery(statement, { rows });
  });
}
