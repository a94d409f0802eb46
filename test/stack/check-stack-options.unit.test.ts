import { createServer } from 'node:net';
import { beforeEach, expect, test, vi } from 'vitest';
import { parseDurationMs } from '../../sandbox/commands/options/names.ts';
import { createStack } from '../../sandbox/stack/create-stack.ts';
import type { StackOptions } from '../../sandbox/stack/stack-options.ts';

// What is not refused would start something: here it finds no container engine instead.
beforeEach(() => void vi.stubEnv('DOCKER_HOST', 'unix:///nowhere/docker.sock'));

const create = (options: unknown) => createStack(options as StackOptions);

test.each([
  [null, /createStack is given is null/],
  ['redis', /createStack is given is "redis"/],
  [['redis'], /plain object/],
  [new Map([['engines', ['redis']]]), /plain object/],
  [Promise.resolve({ engines: ['redis'] }), /plain object/],
  [{ engine: ['redis'] }, /no option `engine`/],
  [{ engines: 'redis' }, /engines is "redis"/],
  [{ engines: [] }, /at least one engine/],
  [{ engines: null }, /engines is null/],
  [{ engines: new Set(['redis']) }, /engines is Set/],
  [{ engines: ['redis', 'redis'] }, /each engine once/],
  [{ topologies: 'clustered' }, /topologies is "clustered"/],
  [{ topologies: ['clustered'] }, /plain object/],
  [{ failover: 'no' }, /failover is "no", and has to be true or false/],
  [{ size: -1 }, /size is -1/],
  [{ size: null }, /size is null/],
  [{ size: [] }, /plain object/],
  [{ size: { users: -1 } }, /size: users/],
  [{ size: { usrs: 1 } }, /size: there is no count `usrs`/],
  [{ dataset: {} }, /dataset is {}/],
  [{ dataset: 'users.csv' }, /dataset is "users.csv"/],
  [{ seed: -1 }, /seed is -1/],
  [{ seed: Number.NaN }, /seed is NaN/],
  [{ seed: 5n }, /seed is 5n/],
  [{ schema: 'false' }, /schema is "false"/],
  [{ ephemeral: false, reset: 'no' }, /reset is "no"/],
  [{ keepSame: 1 }, /keepSame is 1/],
  [{ ephemeral: 'false' }, /ephemeral is "false"/],
  [{ ephemeral: null }, /ephemeral is null/],
  [{ beside: '../..' }, /beside: `..\/..` is not a valid name/],
  [{ directory: '' }, /directory is ""/],
  [{ directory: 3 }, /directory is 3/],
  [{ directory: 'nowhere' }, /nowhere cannot be used/],
  [{ ephemeral: false, name: null }, /name: `null`/],
  [{ ephemeral: false, name: ['abc'] }, /name: /],
  [{ ephemeral: false, name: '名字' }, /name: `名字`/],
  [{ ephemeral: false, name: 'a'.repeat(41) }, /not a valid name/],
  [{ ports: 6379 }, /ports is 6379/],
  [{ ports: { redis: 0 } }, /ports.redis is 0/],
  [{ ports: { redis: 65_536 } }, /ports.redis is 65536/],
  [{ ports: { redis: '6379' } }, /ports.redis is "6379"/],
  [{ ports: { redis: 15_555, postgresql: 15_555 } }, /a port of its own for each engine/],
  [{ moveTakenPorts: 'no' }, /moveTakenPorts/],
  [{ refuseOtherData: 'no' }, /refuseOtherData/],
  [{ dataSizeBytes: '1g' }, /dataSizeBytes is "1g"/],
  [{ dataSizeBytes: 0 }, /dataSizeBytes is 0/],
  [{ images: 'offical' }, /images is "offical", and has to be one of: auto, official, built/],
  [{ earlierVersions: 'redis' }, /earlierVersions is "redis"/],
  [{ dockerInstall: 'always' }, /dockerInstall is "always"/],
  [{ connect: 'no' }, /connect is "no"/],
  [{ readyTimeoutMs: -1 }, /readyTimeoutMs is -1/],
  [{ readyTimeoutMs: Number.NaN }, /readyTimeoutMs is NaN/],
  [{ readyTimeoutMs: 3e9 }, /readyTimeoutMs is 3000000000/],
  [{ progress: {} }, /progress is {}, and has to be a function/],
  [{ signal: {} }, /signal is {}, and has to be an AbortSignal/],
])('a stack of %o is refused before anything starts', async (options, message) => {
  const refused = { code: 'BAD_OPTION', message: expect.stringMatching(message), next: expect.stringMatching(/./) };
  await expect(create(options)).rejects.toMatchObject(refused);
});

test.each([
  [{ engines: ['Redis'] }, 'UNKNOWN_ENGINE', /engines: .*`Redis`/],
  [{ engines: [null] }, 'UNKNOWN_ENGINE', /`null`/],
  [{ engines: ['__proto__'] }, 'UNKNOWN_ENGINE', /`__proto__`/],
  [{ engines: [Symbol('redis')] }, 'UNKNOWN_ENGINE', /Symbol/],
  [{ engines: [undefined] }, 'UNKNOWN_ENGINE', /`undefined`/],
  [{ earlierVersions: ['mongo'] }, 'UNKNOWN_ENGINE', /earlierVersions: .*`mongo`/],
  [{ ports: { mongo: 27_017 } }, 'UNKNOWN_ENGINE', /ports: .*`mongo`/],
  [{ topologies: { mongo: 'replicated' } }, 'UNKNOWN_ENGINE', /topologies: .*`mongo`/],
  [{ topologies: { redis: 'cluster' } }, 'UNKNOWN_TOPOLOGY', /topologies.redis: .*`cluster`/],
  [{ topologies: { redis: null } }, 'UNKNOWN_TOPOLOGY', /`null`/],
  [{ size: 'huge' }, 'UNKNOWN_SIZE', /size: .*`huge`/],
])('a stack of %o is refused as %s', async (options, code, message) => {
  await expect(create(options)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
});

test('an option that is misspelled is said what it may have meant', async () => {
  await expect(create({ topology: {} })).rejects.toMatchObject({
    next: expect.stringMatching(/^Did you mean `topologies`\?/),
  });
});

test('a signal of another realm, and an option that is `undefined`, are none to refuse', async () => {
  const signal = { aborted: false, reason: undefined, addEventListener: () => {}, removeEventListener: () => {} };
  await expect(create({ signal, engine: undefined, images: undefined })).rejects.toMatchObject({
    code: 'DOCKER_NOT_FOUND',
  });
});

test('a time that is no whole number of milliseconds is a time', async () => {
  const readyTimeoutMs = parseDurationMs('16.1s', '--wait-timeout');
  expect(Number.isInteger(readyTimeoutMs)).toBe(false);
  await expect(create({ readyTimeoutMs })).rejects.toMatchObject({ code: 'DOCKER_NOT_FOUND' });
});

test('what is large, deep or has no text of its own is shown in one short line', async () => {
  const circular: { self?: unknown } = {};
  circular.self = circular;
  for (const images of ['x'.repeat(1e6), { a: { b: { c: {} } } }, circular, Object.create(null), createServer()]) {
    const refused = await create({ images }).catch((thrown) => thrown);
    expect(refused.code).toBe('BAD_OPTION');
    expect(refused.message.length).toBeLessThan(2_000);
    expect(refused.message).not.toContain('\n');
  }
});
