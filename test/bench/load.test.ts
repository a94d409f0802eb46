import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { measureLoads } from '../../bench/load/load.ts';
import { openClient } from '../../sandbox/engines/redis/server/connection.ts';
import { formatLoadBench } from '../../sandbox/report/bench/load-bench-text.ts';
import { colorsFor } from '../../sandbox/report/colors.ts';
import { createStack, type Stack } from '../../sandbox/stack/create-stack.ts';
import { createDataset } from '../../seeds/create-dataset.ts';
import { type Whole, wholeEngines } from '../support/whole-engines.ts';

const dataset = createDataset({ size: 'small' });
let stack: Stack<'postgresql' | 'redis'>;
let engines: readonly Whole[];

beforeAll(async () => {
  [stack, engines] = await Promise.all([
    createStack({ engines: ['postgresql', 'redis'], size: 'none', connect: false }),
    wholeEngines(['postgresql', 'redis']),
  ]);
});
afterAll(() => stack?.dispose());

const measure = (measured: readonly Whole[], loaded = dataset, rounds = 1) =>
  measureLoads({ engines: measured, running: new Map(Object.entries(stack.engines)), dataset: loaded, rounds });

function engineNamed(name: string) {
  const engine = engines.find((each) => each.name === name);
  if (engine === undefined) throw new Error(`no engine ${name}`);
  return engine;
}

describe('a load benchmark', () => {
  test('has rows, seconds and rates of each store, its bare loader and the generator, and leaves the dataset', async () => {
    // The index over the vectors of `small` takes longer than all else, and says nothing here.
    const dataset = createDataset({ size: 'small', counts: { knowledge: 216 } });
    const report = await measure(engines, dataset);
    expect(report.notRun).toEqual([]);
    for (const store of report.stores) {
      expect(store.own.rowsPerS * store.own.seconds).toBeCloseTo(store.rows, -Math.floor(Math.log10(store.rows)));
      expect(store.bare.rowsPerS).toBeGreaterThan(0);
      expect(store.generator.rowsPerS).toBeGreaterThan(0);
      expect(await engineNamed(store.engine).data.loadedFingerprint(stack.engines[store.engine as 'redis'])).toBe(
        await dataset.fingerprint(),
      );
    }
    const { users, userPreferences, userSessions, userPermissions, knowledgeVectors, userLocations, dailyActivity } =
      dataset.counts;
    const rows = users + userPreferences + userSessions + userPermissions + knowledgeVectors + userLocations;
    expect(report.stores.map((store) => store.rows)).toEqual([rows + dailyActivity, dataset.counts.cacheEntries]);
    const text = formatLoadBench(report, colorsFor({}, { NO_COLOR: '1' }));
    expect(text).toMatch(/postgresql +load .* (met|missed)\n +psql \\copy .*\n +generator alone/);
  });

  test('refuses figures where the two loaders leave different data', async () => {
    const redis = engineNamed('redis');
    const { baseline } = redis.data;
    if (baseline === undefined) throw new Error('it has one');
    const other: Whole = {
      ...redis,
      data: {
        ...redis.data,
        baseline: {
          ...baseline,
          async record(running, loaded) {
            await baseline.record(running, loaded);
            const [node] = running.nodes;
            if (node === undefined) throw new Error('no node');
            await using client = await openClient(node, running.secrets);
            await client.set('user:of another dataset', '{}', 'EX', 3_600);
          },
        },
      },
    };
    const refused = await measure([other]).catch((thrown) => thrown);
    expect(refused).toMatchObject({ code: 'LOAD_DIFFERENT', engine: 'redis', evidence: 'keys user' });
  });

  // Either loader takes milliseconds: of a few times as long, a busy machine makes nothing with one stall. Of three rounds
  // one stall, however long, decides nothing.
  test('says that a load which does everything twenty times missed what is wanted', async () => {
    const redis = engineNamed('redis');
    const slow: Whole = {
      ...redis,
      data: {
        ...redis.data,
        async load(...given) {
          for (let time = 1; time < 20; time += 1) await redis.data.load(...given);
          return redis.data.load(...given);
        },
      },
    };
    const { stores } = await measure([slow], dataset, 3);
    expect(stores[0]).toMatchObject({ met: false, wantedRatio: 0.8 });
  });
});
