import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { TaskReport } from '../../../sandbox/core/progress.ts';
import type { RunningEngine } from '../../../sandbox/engines/contract/topology.ts';
import { catalogueRecord, readCatalogue } from '../../../sandbox/engines/neo4j/backup/catalogue.ts';
import { fingerprint } from '../../../sandbox/engines/neo4j/backup/fingerprint.ts';
import { baselineLoad } from '../../../sandbox/engines/neo4j/data/baseline-load.ts';
import { load, loadedFingerprint } from '../../../sandbox/engines/neo4j/data/load.ts';
import { writeRecord } from '../../../sandbox/engines/neo4j/data/records.ts';
import { withDriver } from '../../../sandbox/engines/neo4j/server/connection.ts';
import { createStack, type Stack } from '../../../sandbox/stack/create-stack.ts';
import { createDataset } from '../../../seeds/create-dataset.ts';
import type { Dataset } from '../../../seeds/dataset.ts';
import type { Entities, EntityName } from '../../../seeds/entities.ts';

// An import stops the node and starts it again, which takes most of a minute where the machine is busy.
vi.setConfig({ testTimeout: 400_000 });

/** A user in each cell: a load over Bolt of `small` itself takes a minute where the machine is busy. */
const size = 'small,users=216,knowledge=432';
const small = createDataset({ size });
const imported = { importFrom: 0 };
const overBolt = { importFrom: Number.POSITIVE_INFINITY };

let stack: Stack<'neo4j'>;
let running: RunningEngine;
/** What the store holds after a load of `small` over Bolt. */
let whole: Readonly<Record<string, string>>;

beforeAll(async () => {
  stack = await createStack({ engines: ['neo4j'], size: 'none', connect: false });
  running = stack.engines.neo4j;
  // An index that is not the platform's, and a constraint: both are part of the catalogue that an import keeps.
  await withDriver(running, async (driver) => {
    await driver.executeQuery('CREATE TEXT INDEX `a title` FOR (k:Knowledge) ON (k.title)');
    await driver.executeQuery('CREATE INDEX FOR ()-[l:LEARNED]-() ON (l.learned_at)');
    await driver.executeQuery('CREATE CONSTRAINT own_name FOR (o:Own) REQUIRE (o.name, o.kind) IS UNIQUE');
  });
  whole = (await loadAs(small, overBolt)).parts;
});
// With it go the helpers of the processes that killed themselves.
afterAll(() => stack?.dispose());
beforeEach(() => baselineLoad.empty(running));

/** Loads, and returns what the load said of itself and what the store holds then. */
async function loadAs(dataset: Dataset, options: { readonly importFrom: number }) {
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

/** `small` with rows whose texts and numbers a file could spoil. */
function withAwkwardRows(dataset: Dataset): Dataset {
  const more: Partial<Record<EntityName, readonly object[]>> = {
    concepts: [
      { name: 'a "quoted", name', category: '', description: 'two\nlines\r\nand a \\ "', siliconLevel: 5 },
      { name: ' spaces ', category: ';', description: "'", siliconLevel: 0 },
    ],
    knowledge: [
      {
        id: 'k"x',
        title: '',
        content: 'tab\t, null, 硅 🜁',
        siliconLevel: 1,
        category: '1',
        about: [
          { concept: ' spaces ', relevance: 0.25 },
          { concept: 'a "quoted", name', relevance: 1 },
          { concept: ' spaces ', relevance: 1e-7 },
        ],
      },
    ],
  };
  const at = { createdAt: new Date('1969-12-31T23:59:59.007Z'), updatedAt: new Date('2026-06-01T12:00:00.000Z') };
  async function* batches<Name extends EntityName>(name: Name): AsyncGenerator<readonly Entities[Name][]> {
    yield* dataset.batches(name);
    yield (more[name] ?? []).map((row) => ({ ...row, ...at })) as unknown as Entities[Name][];
  }
  const { concepts, knowledge } = dataset.counts;
  return {
    ...dataset,
    counts: { ...dataset.counts, concepts: concepts + 2, knowledge: knowledge + 1 },
    fingerprint: async () => `${await dataset.fingerprint()} and more`,
    batches,
  };
}

describe('an offline import', () => {
  test('leaves what a load over Bolt leaves: data, types, constraints and indexes', async () => {
    const dataset = withAwkwardRows(small);
    const bolt = await loadAs(dataset, overBolt);
    await baselineLoad.empty(running);
    const offline = await loadAs(dataset, imported);

    expect(offline.said).toContain('importing');
    expect(bolt.said).not.toContain('importing');
    expect(offline.parts).toEqual(bolt.parts);
    expect(Object.keys(offline.parts)).toEqual(
      expect.arrayContaining(['constraints', 'indexes', 'nodes User', 'relationships ABOUT', 'relationships LEARNED']),
    );
    expect(offline.loaded).toEqual(bolt.loaded);
    expect(offline.done).toBe(bolt.done);
    expect(await loadedFingerprint(running)).toBe(await dataset.fingerprint());
  });

  test.each([500, 'importing', 'starting on what was imported'])(
    'whose process is killed at %s leaves nothing half, and the next one ends with the same data',
    async (at) => {
      const child = fork(join(import.meta.dirname, '..', 'support', 'load-neo4j-until.ts'));
      const exited = once(child, 'exit');
      child.send({ running, size, at });
      expect((await exited)[1]).toBe('SIGKILL');

      expect(await loadedFingerprint(running)).toBeUndefined();
      expect((await loadAs(small, imported)).parts).toEqual(whole);
    },
  );

  test('whose rows cannot be read fails with their error and can be run again', async () => {
    const broken: Dataset = {
      ...small,
      async *batches(name) {
        if (name === 'learned') throw new Error('no such row');
        yield* small.batches(name);
      },
    };
    await expect(loadAs(broken, imported)).rejects.toThrow('no such row');
    const { said } = await loadAs(small, imported);
    expect(said).toContain('importing');
  });

  test('that was cut off after the importer goes on over Bolt, and makes the indexes that are not there yet', async () => {
    // The first rows that go over Bolt after an import.
    const broken: Dataset = {
      ...small,
      async *batches(name) {
        if (name === 'conceptRelations') throw new Error('cut off');
        yield* small.batches(name);
      },
    };
    await expect(loadAs(broken, imported)).rejects.toThrow('cut off');
    await withDriver(running, async (driver) => {
      await writeRecord(driver, catalogueRecord, JSON.stringify(await readCatalogue(driver)));
      await driver.executeQuery('DROP CONSTRAINT own_name');
      await driver.executeQuery('DROP INDEX `a title`');
    });
    const again = await loadAs(small, imported);
    expect(again.said).not.toContain('importing');
    expect(again.parts).toEqual(whole);
  });
});

test('a graph that holds something else is loaded over Bolt, and keeps it', async () => {
  await withDriver(running, (driver) => driver.executeQuery("CREATE (:Own {name: 'mine', kind: 'node'})"));
  const { said, parts } = await loadAs(small, imported);
  expect(said).not.toContain('importing');
  expect(parts).toHaveProperty('nodes Own');
  await withDriver(running, (driver) => driver.executeQuery('MATCH (o:Own) DELETE o'));
});
