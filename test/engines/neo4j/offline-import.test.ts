import { describe, expect, test, vi } from 'vitest';
import { catalogueRecord, readCatalogue } from '../../../sandbox/engines/neo4j/backup/catalogue.ts';
import { baselineLoad } from '../../../sandbox/engines/neo4j/data/baseline-load.ts';
import { loadedFingerprint } from '../../../sandbox/engines/neo4j/data/load.ts';
import { writeRecord } from '../../../sandbox/engines/neo4j/data/records.ts';
import { withDriver } from '../../../sandbox/engines/neo4j/server/connection.ts';
import type { Dataset } from '../../../seeds/dataset.ts';
import type { Entities, EntityName } from '../../../seeds/entities.ts';
import { imported, little, overBolt, useImportStack, world } from '../support/import-stack.ts';
import { killedLoad } from '../support/killed-load.ts';

// An import stops the node and starts it again, which takes most of a minute where the machine is busy.
vi.setConfig({ testTimeout: 400_000 });

const { running, whole, loadAs } = useImportStack();

/** `little` with rows whose texts and numbers a file could spoil. */
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
    const dataset = withAwkwardRows(little);
    const bolt = await loadAs(dataset, overBolt);
    await baselineLoad.empty(running());
    const offline = await loadAs(dataset, imported);

    expect(offline.said).toContain('importing');
    expect(bolt.said).not.toContain('importing');
    expect(offline.parts).toEqual(bolt.parts);
    expect(Object.keys(offline.parts)).toEqual(
      expect.arrayContaining(['constraints', 'indexes', 'nodes User', 'relationships ABOUT', 'relationships LEARNED']),
    );
    expect(offline.loaded).toEqual(bolt.loaded);
    expect(offline.done).toBe(bolt.done);
    expect(await loadedFingerprint(running())).toBe(await dataset.fingerprint());
  });

  /** `npm run test:soak` kills it at other points too. */
  test('that failed for its rows can be run again; killed then, it leaves nothing half, and the next one ends with the same data', async () => {
    const broken: Dataset = {
      ...little,
      async *batches(name) {
        if (name === 'learned') throw new Error('no such row');
        yield* little.batches(name);
      },
    };
    await expect(loadAs(broken, imported)).rejects.toThrow('no such row');
    await killedLoad({ name: 'neo4j', running: running(), world, at: 'importing', imports: true });
    expect(await loadedFingerprint(running())).toBeUndefined();
    expect((await loadAs(little, imported)).parts).toEqual(whole());
  });

  test('that was cut off after the importer goes on over Bolt, and makes the indexes that are not there yet', async () => {
    // The first rows that go over Bolt after an import.
    const broken: Dataset = {
      ...little,
      async *batches(name) {
        if (name === 'conceptRelations') throw new Error('cut off');
        yield* little.batches(name);
      },
    };
    await expect(loadAs(broken, imported)).rejects.toThrow('cut off');
    await withDriver(running(), async (driver) => {
      await writeRecord(driver, catalogueRecord, JSON.stringify(await readCatalogue(driver)));
      await driver.executeQuery('DROP CONSTRAINT own_name');
      await driver.executeQuery('DROP INDEX `a title`');
    });
    const again = await loadAs(little, imported);
    expect(again.said).not.toContain('importing');
    expect(again.parts).toEqual(whole());
  });
});

test('a graph that holds something else is loaded over Bolt, and keeps it', async () => {
  await withDriver(running(), (driver) => driver.executeQuery("CREATE (:Own {name: 'mine', kind: 'node'})"));
  const { said, parts } = await loadAs(little, imported);
  expect(said).not.toContain('importing');
  expect(parts).toHaveProperty('nodes Own');
  await withDriver(running(), (driver) => driver.executeQuery('MATCH (o:Own) DELETE o'));
});
