import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test, vi } from 'vitest';
import { createTemporaryFolder } from '../../sandbox/core/files/temporary-folder.ts';
import { userFolder } from '../../sandbox/core/files/user-folder.ts';
import { socketPath } from '../../sandbox/harness/broker/protocol/socket-path.ts';
import { shortHash } from '../../sandbox/stack/state/stack-identity.ts';

beforeEach(() => void vi.stubEnv('XDG_RUNTIME_DIR', ''));

test("a broker listens in the project's own folder", async () => {
  // Short names: one that is too long for a socket is elsewhere, and so the folder for temporary files may be long.
  await using folder = await createTemporaryFolder('项 目-');
  const path = await socketPath({ directory: folder.path, name: 'own' });
  expect(path).toBe(join(folder.path, '.sandbox', 'own.broker'));
});

test('where no folder can be made there, as in a project that is read-only, it is that of the user', async () => {
  await using folder = await createTemporaryFolder('taishang-read-only-');
  // Whoever runs the tests as root may write to what is read-only: here nobody can make the folder.
  await writeFile(join(folder.path, '.sandbox'), '');
  const path = await socketPath({ directory: folder.path, name: 'some-stack' });
  expect(path).toBe(join(await userFolder(), `some-stack-${shortHash(folder.path)}.broker`));
});
