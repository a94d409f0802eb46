import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { resolveImages } from '../../sandbox/containers/images/images.ts';
import { docker } from '../../sandbox/containers/runtime/docker.ts';
import { type Labels, labelNames } from '../../sandbox/containers/runtime/labels.ts';
import { findContainers, findNetworks, findVolumes } from '../../sandbox/containers/runtime/objects.ts';
import { startTimeOf } from '../../sandbox/core/process/start-time.ts';
import { silent } from '../../sandbox/core/progress.ts';
import { redis } from '../../sandbox/engines/redis/engine.ts';
import { createStack } from '../../sandbox/stack/create-stack.ts';
import { removeAbandoned } from '../../sandbox/stack/remove/clean-up.ts';

const silently = { policy: 'auto', install: 'never', progress: silent } as const;
const owner = join(import.meta.dirname, 'support', 'hold-stack.ts');
const holder = join(import.meta.dirname, 'support', 'hold-volume.ts');

async function startElsewhere() {
  // It takes down a stack when it is asked to end: that is as long as it takes.
  const held = execa(process.execPath, [owner], { reject: false, stdin: 'ignore', forceKillAfterDelay: false });
  const name = await new Promise<string>((resolve, reject) => {
    held.stdout.once('data', (chunk: Buffer) => resolve(String(chunk).trim()));
    held.then(({ stderr }) => reject(new Error(stderr)), reject);
  });
  return { held, label: { [labelNames.stack]: name } };
}

/** Whoever starts something on this machine removes what is abandoned, too: it may be at it, and not done yet. */
async function expectRemoved(labels: Labels): Promise<void> {
  const left = () => Promise.all([findContainers(labels), findVolumes(labels)]);
  await expect.poll(left, { timeout: 60_000 }).toEqual([[], []]);
  // Docker lets go of a network a moment after its last container: who is too early leaves it to the next.
  const networks = async () => {
    const found = await findNetworks(labels);
    if (found.length > 0) await removeAbandoned();
    return found;
  };
  await expect.poll(networks, { timeout: 60_000 }).toEqual([]);
}

test('a throw-away stack whose process was killed is removed by the next start; one that is used is not', async () => {
  const [dead, alive] = await Promise.all([startElsewhere(), startElsewhere()]);
  try {
    expect(await findContainers(dead.label)).toHaveLength(1);
    dead.held.kill('SIGKILL');
    await dead.held;
    {
      await using _ = await createStack({ engines: ['redis'], size: 'none', connect: false });
    }
    await expectRemoved(dead.label);
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
  await expectRemoved({ [labelNames.stack]: stack.name });
  await expect.poll(ofHolder, { timeout: 60_000 }).toEqual([]);
});

test("several commands at once remove what was left without getting in each other's way", async () => {
  const dead = await Promise.all([startElsewhere(), startElsewhere()]);
  for (const { held } of dead) held.kill('SIGKILL');
  await Promise.all(dead.map(({ held }) => held));
  await Promise.all(Array.from({ length: 4 }, removeAbandoned));
  for (const { label } of dead) await expectRemoved(label);
});

test('a network of a dead process that Docker says is in use keeps nobody from starting', async () => {
  const client = await docker();
  const name = `taishang-x-${randomUUID().slice(0, 8)}`;
  // It lives until the network is in use: whoever starts something meanwhile on this machine would remove it.
  const process = execa('sleep', ['600'], { reject: false, stdio: 'ignore' });
  const labels = {
    [labelNames.purpose]: 'throw-away',
    [labelNames.owner]: `${hostname()}:${process.pid}:${startTimeOf(process.pid ?? 0)}`,
    [labelNames.stack]: name,
  };
  const { reference } = (await resolveImages([{ engine: 'redis', spec: redis.image }], silently)).get('redis') ?? {};
  const user = await client.createContainer({ Image: reference ?? '', Entrypoint: ['sleep', '600'] });
  await client.createNetwork({ Name: name, Labels: labels });
  try {
    await client.getNetwork(name).connect({ Container: user.id });
    await user.start();
    process.kill('SIGKILL');
    await process;
    expect((await removeAbandoned()).networks).not.toContain(name);
    expect(await findNetworks({ [labelNames.stack]: name })).toHaveLength(1);
    await user.remove({ force: true, v: true });
    await removeAbandoned();
    await expectRemoved({ [labelNames.stack]: name });
  } finally {
    process.kill('SIGKILL');
    await user.remove({ force: true, v: true }).catch(() => {});
    await client
      .getNetwork(name)
      .remove()
      .catch(() => {});
  }
});
