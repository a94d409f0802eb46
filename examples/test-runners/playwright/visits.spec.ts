import { expect } from '@playwright/test';
import { test } from './stores.ts';

for (const who of ['one', 'another']) {
  test(`${who} counts its first visit`, async ({ lease }) => {
    const redis = await lease.stores.redis.client();
    expect(await redis.incr('visits')).toBe(1);
  });
}
