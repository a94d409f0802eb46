import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createTemporaryFolder } from '../../sandbox/core/files/temporary-folder.ts';
import { keptDistributions } from '../../sandbox/quality/drift/kept-distributions.ts';
import { stackFolder } from '../../sandbox/stack/state/stack-folder.ts';
import { stackIdentity } from '../../sandbox/stack/state/stack-identity.ts';
import { forgetStack } from '../../sandbox/stack/state/stack-state.ts';

test('distributions are kept for one dataset, for their owner alone, and go with the stack', async () => {
  await using folder = await createTemporaryFolder('taishang-distributions-');
  const identity = stackIdentity({ directory: folder.path });
  const kept = keptDistributions(identity, 'one');
  expect(await kept.read()).toEqual(new Map());
  await kept.write(
    new Map([
      ['a', { x: 1 }],
      ['b', { y: 2 }],
    ]),
  );
  await kept.write(new Map([['a', { x: 3 }]]));
  expect(await kept.read()).toEqual(
    new Map([
      ['a', { x: 3 }],
      ['b', { y: 2 }],
    ]),
  );
  const path = join(await stackFolder(identity.directory, identity.name), `${identity.name}.distributions.json`);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  const other = keptDistributions(identity, 'another');
  expect(await other.read()).toEqual(new Map());
  await other.write(new Map([['a', { x: 5 }]]));
  expect(await kept.read()).toEqual(new Map());
  await writeFile(path, '{"version": 1, "dataset": "another", "distributions": {"a": {"x": "many"}}}');
  await expect(other.read()).rejects.toMatchObject({ code: 'STATE_CORRUPT' });
  await forgetStack(identity.directory, identity.name);
  await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
});
