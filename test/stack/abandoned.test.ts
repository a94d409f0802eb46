import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { resolveImages } from '../../sandbox/containers/images/images.ts';
import { docker } from '../../sandbox/containers/runtime/docker.ts';
import { labelNames } from '../../sandbox/containers/runtime/labels.ts';
import { findContainers, findNetworks, findVolumes } from '../../sandbox/containers/runtime/objects.ts';
import { silent } from '../../sandbox/core/progress.ts';
import { redis } from '../../sandbox/engines/redis/engine.ts';
import { createStack } from '../../sandbox/stack/create-stack.ts';
import { removeAbandoned } from '../../sandbox/stack/remove/clean-up.ts';

const silently = { policy: 'auto', install: 'never', progress: silent } as const;
const owner = join(import.meta.dirname, 'support', 'hold-stack.ts');
const holder = join(import.meta.dirname, 'support', 'hold-volume.ts');

async function startElsewhere() {
  const held = execa(process.execPath, [owner], { reject: false, stdin: 'ignore' });
  const name = await new Promise<string>((resolve, reject) => {
    held.stdout.once('data', (chunk: Buffer) => resolve(String(chunk).trim()));
    held.then(({ stderr }) => reject(new Error(stderr)), reject);
  });
  return { held, label: { [labelNames.stack]: name } };
}

test('a throw-away stack whose process was killed is removed by the next start; one that is used is not', async () => {
  const [dead, alive] = await Promise.all([startElsewhere(), startElsewhere()]);
  try {
    dead.held.kill('SIGKILL');
    await dead.held;
    expect(await findContainers(dead.label)).toHaveLength(1);
    {
      await using _ = await createStack({ engines: ['redis'], size: 'none', connect: false });
    }
    const left = await Promise.all([findContainers, findVolumes, findNetworks].map((find) => find(dead.label)));
    expect(left).toEqual([[], [], []]);
    expect(await findContainers(alive.label)).toHaveLength(1);
  } finally {
    alive.held.kill('SIGTERM');
    await alive.held;
  }
  expect(await findContainers(alive.label)).toEqual([]);
});

test('a throw-away stack whose volume a killed process holds by a helper is removed all the same', async () => {
  const stack = await createStack({ engines: ['redis'], size: 'none', connect: false });
  const [node] = stack.engines.redis.nodes;
  const [volume = ''] = Object.values(node?.volumeNames ?? {});
  const held = execa(process.execPath, [holder, node?.image ?? '', volume], { reject: false, stdin: 'ignore' });
  const ofHolder = async () => {
    const helpers = await findContainers({ [labelNames.purpose]: 'helper' });
    return helpers.filter(({ labels }) => labels[labelNames.owner]?.includes(`:${held.pid}:`));
  };
  await expect.poll(async () => (await ofHolder()).map(({ running }) => running), { timeout: 60_000 }).toEqual([true]);
  held.kill('SIGKILL');
  await held;
  await stack.dispose();
  expect(await findVolumes({ [labelNames.stack]: stack.name })).toEqual([]);
  expect(await ofHolder()).toEqual([]);
});

test("several commands at once remove what was left without getting in each other's way", async () => {
  const dead = await Promise.all([startElsewhere(), startElsewhere()]);
  for (const { held } of dead) held.kill('SIGKILL');
  await Promise.all(dead.map(({ held }) => held));
  await Promise.all(Array.from({ length: 4 }, removeAbandoned));
  for (const { label } of dead) {
    expect(await Promise.all([findContainers, findVolumes, findNetworks].map((find) => find(label)))).toEqual([
      [],
      [],
      [],
    ]);
  }
});

test('a network of a dead process that Docker says is in use keeps nobody from starting', async () => {
  const client = await docker();
  const name = `taishang-x-${randomUUID().slice(0, 8)}`;
  const labels = {
    [labelNames.purpose]: 'throw-away',
    [labelNames.owner]: `${hostname()}:1:1`,
    [labelNames.stack]: name,
  };
  const { reference } = (await resolveImages([{ engine: 'redis', spec: redis.image }], silently)).get('redis') ?? {};
  const user = await client.createContainer({ Image: reference ?? '', Entrypoint: ['sleep', '600'] });
  await client.createNetwork({ Name: name, Labels: labels });
  try {
    await client.getNetwork(name).connect({ Container: user.id });
    await user.start();
    expect((await removeAbandoned()).networks).not.toContain(name);
    await user.remove({ force: true, v: true });
    await removeAbandoned();
    expect(await findNetworks({ [labelNames.stack]: name })).toEqual([]);
  } finally {
    await user.remove({ force: true, v: true }).catch(() => {});
    await client
      .getNetwork(name)
      .remove()
      .catch(() => {});
  }
});
