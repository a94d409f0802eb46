import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { TaskReport } from '../../../sandbox/core/progress.ts';
import type { RunningEngine } from '../../../sandbox/engines/contract/topology.ts';
import { fingerprint } from '../../../sandbox/engines/neo4j/backup/fingerprint.ts';
import { baselineLoad } from '../../../sandbox/engines/neo4j/data/baseline-load.ts';
import { load } from '../../../sandbox/engines/neo4j/data/load.ts';
import { withDriver } from '../../../sandbox/engines/neo4j/server/connection.ts';
import { createStack, type Stack } from '../../../sandbox/stack/create-stack.ts';
import { createDataset } from '../../../seeds/create-dataset.ts';
import type { Dataset } from '../../../seeds/dataset.ts';
import { fewRows } from '../../support/few-rows.ts';

/** A load over Bolt of `small` itself takes a minute where the machine is busy. */
export const world = { size: fewRows } as const;
export const little = createDataset(world);
export const imported = { importFrom: 0 };
export const overBolt = { importFrom: Number.POSITIVE_INFINITY };

/** A server that is empty before each test, and has an index and a constraint that are not the platform's. */
export interface ImportStack {
  readonly running: () => RunningEngine;
  /** What the store holds after a load of `little` over Bolt. */
  readonly whole: () => Readonly<Record<string, string>>;
  /** Loads, and returns what the load said of itself and what the store holds then. */
  readonly loadAs: (dataset: Dataset, options: { readonly importFrom: number }) => Promise<Loaded>;
}

interface Loaded {
  readonly loaded: Readonly<Record<string, number>>;
  readonly said: readonly string[];
  readonly done: number;
  readonly parts: Readonly<Record<string, string>>;
}

/** One for all tests of the file. */
export function useImportStack(): ImportStack {
  let stack: Stack<'neo4j'>;
  let running: RunningEngine;
  let whole: Readonly<Record<string, string>>;

  beforeAll(async () => {
    stack = await createStack({ engines: ['neo4j'], size: 'none', connect: false });
    running = stack.engines.neo4j;
    // Both are part of the catalogue that an import keeps.
    await withDriver(running, async (driver) => {
      await driver.executeQuery('CREATE TEXT INDEX `a title` FOR (k:Knowledge) ON (k.title)');
      await driver.executeQuery('CREATE INDEX FOR ()-[l:LEARNED]-() ON (l.learned_at)');
      await driver.executeQuery('CREATE CONSTRAINT own_name FOR (o:Own) REQUIRE (o.name, o.kind) IS UNIQUE');
    });
    whole = (await loadInto(running, little, overBolt)).parts;
  });
  // With it go the helpers of the processes that killed themselves.
  afterAll(() => stack?.dispose());
  beforeEach(() => baselineLoad.empty(running));

  return {
    running: () => running,
    whole: () => whole,
    loadAs: (dataset, options) => loadInto(running, dataset, options),
  };
}

async function loadInto(
  running: RunningEngine,
  dataset: Dataset,
  options: { readonly importFrom: number },
): Promise<Loaded> {
  const said: string[] = [];
  let done = 0;
  const report: TaskReport = {
    advance: (step) => {
      if (step.text !== undefined) said.push(step.text);
      done = step.done ?? done;
    },
    summarise: () => {},
  };
  const { loaded } = await load(running, dataset, report, options);
  return { loaded, said, done, parts: (await fingerprint(running)).parts };
}
