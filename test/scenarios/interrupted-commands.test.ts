import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { labelNames } from '../../sandbox/containers/runtime/labels.ts';
import { findContainers, findNetworks, findVolumes } from '../../sandbox/containers/runtime/objects.ts';
import { deadlineMs } from '../../sandbox/core/deadlines.ts';
import { silent } from '../../sandbox/core/progress.ts';
import { redis } from '../../sandbox/engines/redis/engine.ts';
import { stackIdentity } from '../../sandbox/stack/state/stack-identity.ts';
import { runInterruptedCommands } from '../../scenarios/backup/whole-platform/interrupted-commands.ts';
import type { SuiteContext } from '../../scenarios/suite-context.ts';

const seed = Number(process.env.SANDBOX_TEST_SEED ?? Date.now() % 1_000_000);
const folders = async () => (await readdir(tmpdir())).filter((name) => name.startsWith('taishang-platform-'));

test(`commands that are killed or cut off are cases of the suite, and leave nothing (SANDBOX_TEST_SEED=${seed})`, {
  timeout: 4 * deadlineMs('suiteCase'),
}, async () => {
  const before = new Set(await folders());
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
  const own = (await folders()).filter((name) => !before.has(name));
  const stacks = own.map((folder) => stackIdentity({ directory: join(tmpdir(), folder) }).name);
  const results = await running;
  expect(results.map(({ verdict, reason }) => reason ?? verdict)).toEqual(['pass', 'pass', 'pass']);
  expect(results[1]?.measures?.killed).toBeGreaterThan(0);
  expect(stacks.length).toBeGreaterThan(0);
  for (const name of stacks) {
    for (const labels of [{ [labelNames.stack]: name }, { [labelNames.beside]: name }]) {
      expect(await Promise.all([findContainers(labels), findVolumes(labels), findNetworks(labels)])).toEqual([
        [],
        [],
        [],
      ]);
    }
  }
});
