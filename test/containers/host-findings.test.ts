import { afterEach, expect, test, vi } from 'vitest';
import type { HostMachine } from '../../sandbox/containers/host/host-check.ts';
import { availableResources, inspectHost } from '../../sandbox/containers/host/host-findings.ts';

const room = { diskBytes: 1e6, memoryBytes: 1e6 };
const wishes = {
  room,
  checks: [({ isOther }: HostMachine) => ({ name: 'own', state: 'ok' as const, text: isOther ? 'another' : 'this' })],
};

afterEach(() => {
  vi.unstubAllEnvs();
});

test('what a start depends on is looked at, and what is wrong has a next step', async () => {
  // Port 9 is "discard": nothing listens there.
  vi.stubEnv('SANDBOX_REGISTRY', '127.0.0.1:9');
  const findings = await inspectHost(wishes);
  const names = [
    'node',
    'container engine',
    'disk',
    'memory',
    'image registry',
    'packages',
    'processor',
    'own',
    'loopback',
  ];
  expect(findings.map(({ name }) => name)).toEqual(names);
  for (const finding of findings) {
    expect(finding.text).not.toBe('');
    if (finding.state !== 'ok') expect(finding.next).toBeTruthy();
  }
  const registry = findings.find(({ name }) => name === 'image registry');
  expect(registry).toMatchObject({ state: 'warning', text: expect.stringContaining('127.0.0.1:9') });
  expect(findings.find(({ name }) => name === 'container engine')?.state).toBe('ok');
});

test('without a container engine the rest is still looked at', async () => {
  vi.stubEnv('DOCKER_HOST', 'unix:///nowhere/docker.sock');
  const findings = await inspectHost(wishes);
  expect(findings.find(({ name }) => name === 'container engine')).toMatchObject({
    state: 'failed',
    next: expect.stringContaining('nstall'),
  });
  expect(findings.map(({ name }) => name)).toContain('processor');
});

test('free disk and memory are figures in bytes', async () => {
  const { diskBytes, memoryBytes } = await availableResources();
  expect(diskBytes).toBeGreaterThan(0);
  expect(memoryBytes).toBeGreaterThan(1e6);
});

test('room that the engines at hand do not need is no matter; less than they want has a warning with the figure', async () => {
  const stateOf = async (diskBytes: number) => {
    const findings = await inspectHost({ room: { diskBytes, memoryBytes: 1 }, checks: [] });
    return findings.find(({ name }) => name === 'disk');
  };
  const { diskBytes } = await availableResources();
  expect(await stateOf(1)).toMatchObject({ state: 'ok' });
  expect(await stateOf(diskBytes * 2 + 1e9)).toMatchObject({
    state: 'warning',
    next: expect.stringContaining(`${((diskBytes * 2 + 1e9) / 1e9).toFixed(1)} GB`),
  });
});
