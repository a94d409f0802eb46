import { test } from '../../../../sandbox/harness/vitest/test.ts';

test('wants a store that no setup has brought up', async ({ redis }) => {
  await redis.client();
});
