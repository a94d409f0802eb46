import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leasedStores } from './stores.mjs';

const stores = leasedStores(['redis']);

for (const who of ['one', 'another']) {
  test(`${who} counts its first visit`, async () => {
    const redis = await stores().redis.client();
    assert.equal(await redis.incr('visits'), 1);
  });
}
