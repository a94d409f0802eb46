import { afterAll, expect, test } from 'vitest';
import { memoryLimitBytes } from '../../sandbox/containers/nodes/confinement.ts';
import { docker } from '../../sandbox/containers/runtime/docker.ts';
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

test('the limit of memory grows with the data, and leaves four times what is needed', () => {
  expect(memoryLimitBytes(64e6)).toBe(4 * 2 ** 30);
  expect(memoryLimitBytes(3e9)).toBe(12e9);
});
