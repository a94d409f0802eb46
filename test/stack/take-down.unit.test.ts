import { beforeEach, expect, test } from 'vitest';
import { takeDown } from '../../sandbox/stack/remove/take-down.ts';
import { stackIdentity } from '../../sandbox/stack/state/stack-identity.ts';
import { emptyState, noSecrets, readSecrets, writeSecrets, writeState } from '../../sandbox/stack/state/stack-state.ts';
import { scratchFolder } from '../backup/support/made-up-archive.ts';

beforeEach(() => {
  process.env.DOCKER_HOST = 'unix:///nowhere/docker.sock';
});

test.each([true, false])(
  'without a container engine nothing of a stack is forgotten (volumes: %s)',
  async (volumes) => {
    await using folder = await scratchFolder();
    const at = { directory: folder.path };
    const { name } = stackIdentity(at);
    await writeSecrets(folder.path, name, { ...noSecrets, directory: folder.path });
    await writeState(folder.path, emptyState(name), undefined);
    await expect(takeDown({ ...at, volumes })).rejects.toMatchObject({ code: 'DOCKER_NOT_FOUND' });
    expect(await readSecrets(folder.path, name)).toMatchObject({ directory: folder.path });
  },
);

test('where nothing was ever started, there is nothing to take down', async () => {
  await using folder = await scratchFolder();
  expect(await takeDown({ directory: folder.path, volumes: true })).toMatchObject({ containers: [], volumes: [] });
});
