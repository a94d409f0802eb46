import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { killNode } from '../../sandbox/containers/nodes/nodes.ts';
import { labelNames } from '../../sandbox/containers/runtime/labels.ts';
import { findContainers, findVolumes } from '../../sandbox/containers/runtime/objects.ts';
import type { RunningEngine } from '../../sandbox/engines/contract/topology.ts';
import { defaultEngines, type EngineName } from '../../sandbox/engines/engine-names.ts';
import { openPrimary } from '../../sandbox/engines/postgresql/server/connection.ts';
import { attachStack } from '../../sandbox/stack/attach/attach-stack.ts';
import { createStack } from '../../sandbox/stack/create-stack.ts';
import { takeDown } from '../../sandbox/stack/remove/take-down.ts';
import { generationOfVolume } from '../../sandbox/stack/resolve/generations.ts';
import { createDataset } from '../../seeds/create-dataset.ts';
import type { Dataset } from '../../seeds/dataset.ts';
import type { EntityName } from '../../seeds/entities.ts';
import { wholeEngines } from '../support/whole-engines.ts';

// Each reads five stores twice, and the first starts their servers anew.
vi.setConfig({ testTimeout: 300_000 });

/** Parts of a fingerprint that depend on when a key was set. */
const timeBound = ['expiries'];

const size = { users: 1_010, contents: 60, conversations: 40, knowledge: 1_010 };
/** What is to take the place of what is there: more than a batch of users and of knowledge. */
const other = createDataset({ size, seed: 7 });

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'taishang-fails-'));
  await createStack({ directory, ephemeral: false, connect: false, size });
});
afterAll(async () => {
  await takeDown({ directory, volumes: true });
  await rm(directory, { recursive: true });
});

async function attached(): Promise<ReadonlyMap<EngineName, RunningEngine>> {
  return (await attachStack({ directory })).engines;
}

async function contents(): Promise<object> {
  const running = await attached();
  const engines = await wholeEngines(defaultEngines);
  const parts = engines.map(async (engine) => {
    const target = running.get(engine.name as EngineName) as RunningEngine;
    const all = Object.entries((await engine.data.fingerprint(target)).parts).filter(
      ([part]) => !timeBound.includes(part),
    );
    return [engine.name, [await engine.data.loadedFingerprint(target), ...all]] as const;
  });
  return Object.fromEntries(await Promise.all(parts));
}

/** The stack's own volumes and none beside them, and no node paused or down. */
async function leftovers() {
  const [name] = (await findContainers({ [labelNames.directory]: directory })).map(
    ({ labels }) => labels[labelNames.stack],
  );
  const ours = { [labelNames.stack]: name ?? '' };
  const volumes = (await findVolumes(ours)).filter(({ labels }) => labels[labelNames.engine] !== undefined);
  const containers = await findContainers(ours);
  return {
    volumes: volumes.map((volume) => volume.name.replace(/\.g\d+$/, '')).toSorted(),
    generations: new Set(
      volumes.map((volume) => `${volume.labels[labelNames.engine]} ${generationOfVolume(volume.name)}`),
    ).size,
    nodes: containers.map((container) => [container.labels[labelNames.node], container.running]).toSorted(),
  };
}

const replace = (dataset: Dataset, engines: readonly EngineName[] = defaultEngines) =>
  createStack({ directory, ephemeral: false, connect: false, reset: true, engines, dataset });

/** Does something after the first batch of an entity was read. */
function interrupted(names: Partial<Record<EntityName, () => Promise<void>>>): Dataset {
  return {
    ...other,
    async *batches(name) {
      let batches = 0;
      for await (const rows of other.batches(name)) {
        yield rows;
        batches += 1;
        if (batches === 1) await names[name]?.();
      }
    },
  };
}

/** Runs a load that must fail, and holds what is there afterwards against what was there before. */
async function failsAndLeavesAll(load: () => Promise<unknown>, error: object): Promise<void> {
  const [before, objects] = [await contents(), await leftovers()];
  await expect(load()).rejects.toMatchObject({
    ...error,
    message: expect.stringMatching(/hold again what they held before/),
  });
  expect(await contents()).toEqual(before);
  expect(await leftovers()).toEqual(objects);
}

test('every server is killed in the middle of its load', async () => {
  const running = await attached();
  const kill = (engine: EngineName) => async () => {
    const [node] = (running.get(engine) as RunningEngine).nodes;
    if (node !== undefined) await killNode(node).catch(() => {});
  };
  // Of each store the last entity or a late one: others have been replaced by then.
  const killed = interrupted({
    userLocations: kill('postgresql'),
    conversations: kill('mongodb'),
    learned: kill('neo4j'),
    cacheEntries: kill('redis'),
    userVectors: kill('qdrant'),
  });
  await failsAndLeavesAll(() => replace({ ...killed, fingerprint: other.fingerprint }), { code: 'LOAD_FAILED' });
});

test('a server refuses a row, by a rule that a service has made', async () => {
  const database = 'taishang_data';
  const query = async (statement: string) => {
    await using opened = await openPrimary((await attached()).get('postgresql') as RunningEngine, { database });
    return (await opened.client.query(statement)).rows;
  };
  await query("CREATE TABLE notes AS SELECT 'of a service' AS text");
  await query("ALTER TABLE user_locations ADD CONSTRAINT service_rule CHECK (label <> 'forbidden') NOT VALID");
  const dataset: Dataset = {
    ...other,
    async *batches(name) {
      for await (const rows of other.batches(name)) {
        yield name === 'userLocations' ? rows.map((row) => ({ ...row, label: 'forbidden' })) : rows;
      }
    },
  };
  await failsAndLeavesAll(() => replace(dataset, ['postgresql', 'redis']), {
    code: 'LOAD_FAILED',
    engine: 'postgresql',
  });
  expect(await query('SELECT text FROM notes')).toEqual([{ text: 'of a service' }]);
});

test('the stores take the rows and do not agree', async () => {
  const dataset: Dataset = {
    ...other,
    async *batches(name) {
      for await (const rows of other.batches(name)) {
        yield name === 'userVectors' ? rows.map((row) => ({ ...row, siliconLevel: 5 })) : rows;
      }
    },
  };
  await failsAndLeavesAll(() => replace(dataset, ['qdrant', 'redis']), { code: 'CROSS_STORE_DIFFERENT' });
});

test('a load that goes well replaces the data and leaves no copy', async () => {
  const objects = await leftovers();
  // Not the one that must not come in: what is there already is not loaded.
  const { crossStore } = await replace(createDataset({ size, seed: 8 }), ['qdrant', 'redis']);
  expect(crossStore).toMatchObject({ ok: true });
  expect(await leftovers()).toEqual(objects);
});
