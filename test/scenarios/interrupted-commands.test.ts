import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { labelNames } from '../../sandbox/containers/runtime/labels.ts';
import { findContainers, findNetworks, findVolumes } from '../../sandbox/containers/runtime/objects.ts';
import { deadlineMs } from '../../sandbox/core/deadlines.ts';
import { createTemporaryFolder } from '../../sandbox/core/files/temporary-folder.ts';
import { silent } from '../../sandbox/core/progress.ts';
import { redis } from '../../sandbox/engines/redis/engine.ts';
import { stackIdentity } from '../../sandbox/stack/state/stack-identity.ts';
import { runInterruptedCommands } from '../../scenarios/backup/whole-platform/interrupted-commands.ts';
import type { SuiteContext } from '../../scenarios/suite-context.ts';

const seed = Number(process.env.SANDBOX_TEST_SEED ?? Date.now() % 1_000_000);

test(`commands that are killed or cut off are cases of the suite, and leave nothing (SANDBOX_TEST_SEED=${seed})`, {
  timeout: 4 * deadlineMs('suiteCase'),
}, async () => {
  await using temporary = await createTemporaryFolder('taishang-interrupted-');
  onTestFinished(() => void vi.unstubAllEnvs());
  vi.stubEnv('TMPDIR', temporary.path);
  const context: SuiteContext = {
    depth: 'full',
    size: 'small',
    seed,
    images: new Map(),
    stackOptions: { images: 'built', dockerInstall: 'never' },
    reportDirectory: '/nowhere',
    progress: silent,
    signal: new AbortController().signal,
  };
  const running = runInterruptedCommands([redis], context);
  // While its folder is there: a name is made from the folder's real path.
  const folder = await vi.waitUntil(
    async () => (await readdir(temporary.path)).find((name) => name.startsWith('taishang-platform-')),
    { interval: 10, timeout: deadlineMs('suiteCase') },
  );
  const stack = stackIdentity({ directory: join(temporary.path, folder) }).name;
  const results = await running;
  expect(results.map(({ verdict, reason }) => reason ?? verdict)).toEqual(['pass', 'pass', 'pass']);
  expect(results[1]?.measures?.killed).toBeGreaterThan(0);
  for (const labels of [{ [labelNames.stack]: stack }, { [labelNames.beside]: stack }]) {
    expect(await Promise.all([findContainers(labels), findVolumes(labels), findNetworks(labels)])).toEqual([
      [],
      [],
      [],
    ]);
  }
  expect((await readdir(temporary.path)).filter((name) => name.startsWith('taishang-'))).toEqual([]);
});
