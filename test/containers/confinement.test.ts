import { afterAll, expect, test } from 'vitest';
import { memoryLimitBytes } from '../../sandbox/containers/nodes/confinement.ts';
import { docker } from '../../sandbox/containers/runtime/docker.ts';
import { labelNames } from '../../sandbox/containers/runtime/labels.ts';
import { ensureNetwork, ensureVolume, removeNetwork, removeVolume } from '../../sandbox/containers/runtime/objects.ts';
import { createStack } from '../../sandbox/stack/create-stack.ts';

const stack = await createStack({ engines: ['redis'], size: 'none', connect: false });
afterAll(() => stack.dispose());

test('a node gains no rights, and has limits of processes and of memory', async () => {
  for (const { containerId } of stack.engines.redis.nodes) {
    const container = (await docker()).getContainer(containerId);
    const { HostConfig } = await container.inspect();
    expect(HostConfig.SecurityOpt).toEqual(['no-new-privileges']);
    expect(HostConfig.PidsLimit).toBe(4_096);
    expect(HostConfig.Memory).toBe(4 * 2 ** 30);
    expect(HostConfig.Privileged).toBe(false);
    expect(HostConfig.CapAdd ?? []).toEqual([]);
    // The kernel's own word for it (proc(5), "NoNewPrivs").
    const command = await container.exec({ Cmd: ['grep', 'NoNewPrivs', '/proc/1/status'], AttachStdout: true });
    const output = await command.start({});
    let text = '';
    for await (const chunk of output) text += String(chunk);
    expect(text).toMatch(/NoNewPrivs:\s+1/);
  }
});

test('a volume and a network that somebody else uses stay, and who that is is named', async () => {
  const name = `${stack.name}-used`;
  const client = await docker();
  const labels = { [labelNames.stack]: name };
  await Promise.all([ensureNetwork(name, labels), ensureVolume(name, labels, { anew: false })]);
  const [node] = stack.engines.redis.nodes;
  const stranger = await client.createContainer({
    name: `${name}-stranger`,
    Image: node?.image ?? '',
    Entrypoint: ['sleep', '600'],
    HostConfig: { NetworkMode: name, Binds: [`${name}:/used`] },
  });
  try {
    await stranger.start();
    const refused = { code: 'OBJECT_IN_USE', message: expect.stringContaining(`${name}-stranger`) };
    await expect(removeNetwork(name)).rejects.toMatchObject(refused);
    await expect(removeVolume(name)).rejects.toMatchObject(refused);
  } finally {
    await stranger.remove({ force: true, v: true });
    await Promise.all([removeNetwork(name), removeVolume(name)]);
  }
});

test('the limit of memory grows with the data, and leaves four times what is needed', () => {
  expect(memoryLimitBytes(64e6)).toBe(4 * 2 ** 30);
  expect(memoryLimitBytes(3e9)).toBe(12e9);
});
