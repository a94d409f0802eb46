import { expect, test } from 'vitest';
import { createTemporaryFolder } from '../../sandbox/core/files/temporary-folder.ts';
import { contentOfStores } from '../../sandbox/harness/broker/content-of-stores.ts';
import { removeStackFolder } from '../../sandbox/stack/state/stack-folder.ts';
import { stackIdentity } from '../../sandbox/stack/state/stack-identity.ts';
import {
  type EngineState,
  emptyState,
  noSecrets,
  type StackState,
  writeSecrets,
  writeState,
} from '../../sandbox/stack/state/stack-state.ts';

test('what a store is made of is another after a load, and unknown while one is under way', async () => {
  await using folder = await createTemporaryFolder('taishang-content-');
  const { directory, name } = stackIdentity({ directory: folder.path });
  await writeSecrets(directory, name, { ...noSecrets, directory });
  const known = await contentOfStores({ directory, name });
  const write = (redis: object, change: Partial<StackState> = {}) => {
    const engines = { redis: { nodes: [{ containerId: 'one' }], ...redis } as unknown as EngineState };
    return writeState(directory, { ...emptyState(name), ...change, engines }, undefined);
  };
  try {
    expect(await known('redis')).toBeUndefined();
    await write({ dataset: { fingerprint: 'one' } });
    const first = await known('redis');
    expect(first).toBeDefined();
    expect(await known('neo4j')).toBeUndefined();
    await write({ dataset: { fingerprint: 'one' } }, { unchecked: ['neo4j'] });
    expect(await known('redis')).toBe(first);
    // The same data once more: whoever looks meanwhile sees half of it.
    for (const underWay of [{ unchecked: ['redis'] }, { unfinished: ['redis'] }]) {
      await write({ dataset: { fingerprint: 'one' } }, underWay);
      expect(await known('redis')).toBeUndefined();
    }
    await write({ dataset: { fingerprint: 'one' }, migrated: { pending: { name: 'add-a-column' } } });
    expect(await known('redis')).toBeUndefined();
    await write({ dataset: { fingerprint: 'two' } });
    expect(await known('redis')).not.toBe(first);
  } finally {
    await removeStackFolder(name);
  }
});
