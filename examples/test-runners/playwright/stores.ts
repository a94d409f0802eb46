// What all test files of Playwright share: one harness for a worker, and stores of its own for each test.
import { test as base } from '@playwright/test';
import { type Harness, openHarness } from 'taishang-sandbox/harness';

const engines = ['redis'] as const;
type Engines = (typeof engines)[number];
type Lease = Awaited<ReturnType<Harness<Engines>['lease']>>;

/** The first test of all waits until the pool is open. */
const timeout = 120_000;

export const test = base.extend<{ readonly lease: Lease }, { readonly harness: Harness<Engines> }>({
  harness: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of fixtures here, and takes no other form.
    async ({}, use) => {
      const harness = await openHarness({ engines });
      await use(harness);
      await harness.close();
    },
    { scope: 'worker', timeout },
  ],
  lease: [
    async ({ harness }, use, info) => {
      const lease = await harness.lease({ label: info.title });
      await use(lease);
      const { kept } = await lease.release({ failed: info.status !== info.expectedStatus });
      if (kept !== undefined) console.error(kept);
    },
    { timeout },
  ],
});
