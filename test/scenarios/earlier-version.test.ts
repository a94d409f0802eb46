import { afterAll, beforeAll, expect, test } from 'vitest';
import { silent } from '../../sandbox/core/progress.ts';
import { redis } from '../../sandbox/engines/redis/engine.ts';
import { createStack } from '../../sandbox/stack/create-stack.ts';
import { runDrill } from '../../scenarios/backup/one-engine/drill.ts';
import { earlierVersionDrill } from '../../scenarios/backup/one-engine/drills/earlier-version.ts';
import type { SuiteContext } from '../../scenarios/suite-context.ts';
import { startThrowAway, type ThrowAway } from '../../scenarios/throw-away.ts';
import { defaultSeed } from '../../seeds/create-dataset.ts';

const context: SuiteContext = {
  depth: 'full',
  size: 'small',
  seed: defaultSeed,
  images: new Map(),
  stackOptions: { images: 'built', dockerInstall: 'never' },
  reportDirectory: '/nowhere',
  progress: silent,
  signal: new AbortController().signal,
};
let present: ThrowAway;

beforeAll(async () => {
  present = await startThrowAway(redis, 'the present version', context);
});
afterAll(async () => {
  await present[Symbol.asyncDispose]();
});

test('a backup of an earlier version restores into the present one, and the versions are told', async () => {
  const { backup } = redis;
  const result = await runDrill(earlierVersionDrill, { engine: redis, backup, source: present.running, context });
  expect(result).toMatchObject({ verdict: 'pass', measures: { toVersion: present.running.serverVersion } });
  expect(result.measures?.fromVersion).not.toBe(present.running.serverVersion);
});

test('an earlier version that cannot be had is refused before anything starts, and so is one that would stay', async () => {
  await expect(createStack({ engines: ['postgresql'], earlierVersions: ['postgresql'] })).rejects.toMatchObject({
    code: 'NOT_SUPPORTED',
    message: expect.stringContaining('Debian'),
  });
  const staying = { engines: ['redis'], earlierVersions: ['redis'], ephemeral: false } as const;
  await expect(createStack(staying)).rejects.toMatchObject({ code: 'NOT_SUPPORTED' });
});
