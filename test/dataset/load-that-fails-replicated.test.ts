import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { labelNames } from '../../sandbox/containers/runtime/labels.ts';
import { findContainers, findVolumes } from '../../sandbox/containers/runtime/objects.ts';
import { attachStack } from '../../sandbox/stack/attach/attach-stack.ts';
import { createStack } from '../../sandbox/stack/create-stack.ts';
import { takeDown } from '../../sandbox/stack/remove/take-down.ts';
import { createDataset } from '../../seeds/create-dataset.ts';
import type { Dataset } from '../../seeds/dataset.ts';
import { wholeEngines } from '../support/whole-engines.ts';

const engines = ['postgresql', 'redis'] as const;
const topologies = { postgresql: 'replicated', redis: 'replicated' } as const;
const size = { users: 1_200, contents: 0, conversations: 0, knowledge: 10 };
const other = createDataset({ size, seed: 7 });

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'taishang-replicated-'));
  await createStack({ directory, ephemeral: false, connect: false, engines, topologies, size });
});
afterAll(async () => {
  await takeDown({ directory, volumes: true });
  await rm(directory, { recursive: true });
});

/** What the stores hold, but for when keys expire, and what it lies in. */
async function everything(): Promise<object> {
  const running = (await attachStack({ directory, engines })).engines;
  const held = (await wholeEngines(engines)).map(async (engine) => {
    const target = running.get(engine.name as (typeof engines)[number]);
    if (target === undefined) throw new Error(`${engine.name} does not run`);
    const { expiries: _, ...parts } = (await engine.data.fingerprint(target)).parts;
    return [engine.name, await engine.data.loadedFingerprint(target), parts];
  });
  const containers = await findContainers({ [labelNames.directory]: directory });
  const stackName = containers[0]?.labels[labelNames.stack] ?? '';
  const volumes = (await findVolumes({ [labelNames.stack]: stackName })).filter(
    ({ labels }) => labels[labelNames.engine],
  );
  return {
    held: await Promise.all(held),
    nodes: containers.map(({ labels, running }) => [labels[labelNames.node], running]).toSorted(),
    volumes: volumes.map(({ name }) => name.replace(/\.g\d+$/, '')).toSorted(),
  };
}

test('a load that fails leaves stores of several nodes as they were', { timeout: 300_000 }, async () => {
  const before = await everything();
  const failing: Dataset = {
    ...other,
    async *batches(name) {
      for await (const rows of other.batches(name)) {
        yield rows;
        // Late in either store: everything that comes first has been replaced by then.
        if (name === 'userLocations') throw new Error('the file was cut off');
      }
    },
  };
  const load = createStack({
    directory,
    ephemeral: false,
    connect: false,
    reset: true,
    engines,
    topologies,
    dataset: failing,
  });
  await expect(load).rejects.toMatchObject({
    code: 'LOAD_FAILED',
    message: expect.stringMatching(/cut off.*The stores hold again what they held before\.$/),
  });
  expect(await everything()).toEqual(before);
});
