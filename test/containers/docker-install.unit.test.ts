import { chmod, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { installPackages } from '../../sandbox/containers/runtime/find/docker-install.ts';
import { createTemporaryFolder } from '../../sandbox/core/files/temporary-folder.ts';

afterEach(() => vi.unstubAllEnvs());

/** In place of apt: writes down what it is asked for. */
const program = `#!/bin/sh
for last in "$@"; do :; done
echo "$last" >>"$APT_LOG"
`;

test('who installs packages beside somebody else waits for the same package lists', async () => {
  await using folder = await createTemporaryFolder('taishang-apt-');
  const [apt, log] = ['apt-get', 'log'].map((name) => join(folder.path, name)) as [string, string];
  await writeFile(apt, program);
  await chmod(apt, 0o755);
  vi.stubEnv('PATH', `${folder.path}${delimiter}${process.env.PATH}`);
  vi.stubEnv('APT_LOG', log);
  const report = { advance: () => {}, summarise: () => {} };
  await Promise.all(['one', 'other'].map((name) => installPackages([name], report)));
  await installPackages(['later'], report);
  const asked = (await readFile(log, 'utf8')).trimEnd().split('\n');
  expect([asked[0], asked.slice(1, 3).toSorted(), asked.slice(3)]).toEqual(['update', ['one', 'other'], ['later']]);
});
