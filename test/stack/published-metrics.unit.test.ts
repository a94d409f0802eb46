import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writePrivateFile } from '../../sandbox/core/files/private-files.ts';
import { publishedMetrics } from '../../sandbox/stack/state/published-metrics.ts';
import { ensureStackFolder, findStackFolder } from '../../sandbox/stack/state/stack-folder.ts';
import { stackIdentity, throwAwayName } from '../../sandbox/stack/state/stack-identity.ts';
import { forgetStack } from '../../sandbox/stack/state/stack-state.ts';

test('what was published of a stack is found until the stack is forgotten, which leaves nothing of it', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'taishang-published-'));
  try {
    const identity = stackIdentity({ directory, name: throwAwayName() });
    const nothing = [
      { name: 'backup', content: '' },
      { name: 'quality', content: '' },
    ];
    expect(await publishedMetrics(identity)).toEqual(nothing);
    const folder = await ensureStackFolder(directory, identity.name);
    await writePrivateFile(join(folder, 'metrics', identity.name, 'quality.txt'), 'a 1\n');
    expect(await publishedMetrics(identity)).toEqual([nothing[0], { name: 'quality', content: 'a 1\n' }]);
    await forgetStack(directory, identity.name);
    expect(await findStackFolder(identity.name)).toBeUndefined();
  } finally {
    await rm(directory, { recursive: true });
  }
});
