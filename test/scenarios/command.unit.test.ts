import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { createTemporaryFolder } from '../../sandbox/core/files/temporary-folder.ts';
import { stackFolder } from '../../sandbox/stack/state/stack-folder.ts';
import { stackIdentity } from '../../sandbox/stack/state/stack-identity.ts';
import { runToExit } from '../../scenarios/backup/whole-platform/command.ts';

afterEach(() => vi.unstubAllEnvs());

test('commands of a suite are about the stack of their folder, whatever the environment chooses', async () => {
  await using own = await createTemporaryFolder('taishang-own-');
  await using other = await createTemporaryFolder('taishang-other-');
  vi.stubEnv('SANDBOX_DIRECTORY', other.path);
  vi.stubEnv('SANDBOX_NAME', 'of-somebody');
  vi.stubEnv('COMPOSE_PROJECT_NAME', 'of-somebody');
  vi.stubEnv('SANDBOX_ENGINES', 'no-engine');
  const said = await runToExit(0, ['backup', 'list', '--format', 'json'], { cwd: own.path });
  const { directory, name } = stackIdentity({ directory: own.path });
  expect(JSON.parse(said)).toMatchObject({ location: join(await stackFolder(directory, name), 'backups') });
});
