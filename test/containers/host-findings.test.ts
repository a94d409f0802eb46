import { afterEach, expect, test, vi } from 'vitest';
import { availableResources, inspectHost } from '../../sandbox/containers/host/host-findings.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

test('what a start depends on is looked at, and what is wrong has a next step', async () => {
  // Port 9 is "discard": nothing listens there.
  vi.stubEnv('SANDBOX_REGISTRY', '127.0.0.1:9');
  const findings = await inspectHost();
  const names = [
    'node',
    'container engine',
    'disk',
    'memory',
    'image registry',
    'packages',
    'processor',
    'avx',
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
  const findings = await inspectHost();
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
