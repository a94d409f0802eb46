import { expect } from '@jest/globals';
import { testWithStores } from './stores.mjs';

const test = testWithStores(['redis']);

for (const who of ['one', 'another']) {
  test(`${who} counts its first visit`, async ({ redis }) => {
    const client = await redis.client();
    expect(await client.incr('visits')).toBe(1);
  });
}
