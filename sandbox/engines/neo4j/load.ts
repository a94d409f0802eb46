import type { Driver, EagerResult } from 'neo4j-driver';
import type { Dataset } from '../../../seeds/dataset.ts';
import type { EntityName } from '../../../seeds/entities.ts';
import type { TaskReport } from '../../core/progress.ts';
import type { LoadReport } from '../engine.ts';
import type { RunningEngine } from '../topology.ts';
import { withDriver } from './connection.ts';
import { cypherFile } from './cypher-file.ts';
import { applyInitialGraph, readRecord, writeRecord } from './schema.ts';

/** One statement over the rows of an entity; `only` picks the rows that it is for. */
interface Step {
  readonly file: string;
  readonly entity: EntityName;
  readonly only?: (row: object) => boolean;
}

const relation = (kind: string) => (row: object) => 'kind' in row && row.kind === kind;

/** Steps of a stage touch different nodes and run side by side; a stage needs what the one before it made. */
const stages: readonly (readonly Step[])[] = [
  [
    { file: 'concepts', entity: 'concepts' },
    { file: 'users', entity: 'users' },
    { file: 'knowledge', entity: 'knowledge' },
  ],
  [
    { file: 'learned', entity: 'learned' },
    { file: 'relates-to', entity: 'conceptRelations', only: relation('RELATES_TO') },
  ],
  [{ file: 'about', entity: 'knowledge' }],
  [{ file: 'interested-in', entity: 'interests' }],
  [{ file: 'influences', entity: 'conceptRelations', only: relation('INFLUENCES') }],
  [{ file: 'prerequisite', entity: 'conceptRelations', only: relation('PREREQUISITE') }],
];

/** Replaces users, concepts and knowledge with the dataset's; the initial graph is there afterwards as before. */
export async function load(running: RunningEngine, dataset: Dataset, report: TaskReport): Promise<LoadReport> {
  return withDriver(running, async (driver) => {
    await writeRecord(driver, 'dataset', undefined);
    await clear(driver);
    const loaded: Record<string, number> = {};
    for (const stage of stages) {
      const counts = await Promise.all(stage.map((step) => runStep(driver, step, dataset)));
      stage.forEach(({ file }, index) => {
        loaded[file] = counts[index] ?? 0;
        report.advance({ text: file });
      });
    }
    await writeRecord(driver, 'dataset', await dataset.fingerprint());
    return { loaded };
  });
}

export async function loadedFingerprint(running: RunningEngine): Promise<string | undefined> {
  return withDriver(running, (driver) => readRecord(driver, 'dataset'));
}

/** A graph that was never loaded holds the initial graph alone, and is left as it is. */
async function clear(driver: Driver): Promise<void> {
  const { records } = await driver.executeQuery<EagerResult<{ users: number }>>(
    'MATCH (u:User) RETURN count(u) AS users',
  );
  if ((records[0]?.get('users') ?? 0) <= 1) return;
  const session = driver.session();
  try {
    await session.run(
      'MATCH (n) WHERE n:User OR n:Concept OR n:Knowledge CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 10000 ROWS',
    );
  } finally {
    await session.close();
  }
  await applyInitialGraph(driver);
}

async function runStep(driver: Driver, { file, entity, only }: Step, dataset: Dataset): Promise<number> {
  const statement = await cypherFile('load', `${file}.cypher`);
  let count = 0;
  for await (const batch of dataset.batches(entity)) {
    const rows = (only === undefined ? batch : batch.filter(only)).map(plain);
    if (rows.length > 0) await driver.executeQuery(statement, { rows });
    count += rows.length;
  }
  return count;
}

/** Times travel as text and become temporal values in the statement; the driver's own would take the local zone. */
function plain(row: object): object {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, value instanceof Date ? value.toISOString() : value]),
  );
}
