import { expect, test } from 'vitest';
import { benchStack } from '../../bench/bench-stack.ts';
import { checkStack } from '../../sandbox/cross-store/check-stack.ts';
import { createDataset } from '../../seeds/create-dataset.ts';

const dataset = createDataset({ size: 'small' });

test('a stack without data is not compared with anything', async () => {
  await expect(checkStack({ engines: {}, dataset: undefined })).rejects.toMatchObject({
    code: 'BAD_OPTION',
    message: expect.stringContaining('Nothing was loaded'),
  });
});

test.each([
  ['checked', checkStack],
  ['measured', benchStack],
])('an engine that a stack does not have is not %s', async (_, look) => {
  await expect(look({ engines: {}, dataset }, { engines: ['redis'] })).rejects.toMatchObject({
    code: 'BAD_OPTION',
    message: '`engines`: the stack has no redis.',
  });
});
