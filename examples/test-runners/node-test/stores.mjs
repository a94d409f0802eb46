// What all test files of node:test share: one harness for a file, and stores of its own for each test.
import { after, afterEach, before, beforeEach } from 'node:test';
import { openHarness } from 'taishang-sandbox/harness';

/** Returns what gives a test its stores. */
export function leasedStores(engines) {
  let harness;
  let lease;
  before(async () => {
    harness = await openHarness({ engines });
  });
  beforeEach(async ({ fullName }) => {
    lease = await harness.lease({ label: fullName });
  });
  afterEach(async (context) => {
    const { kept } = await lease.release({ failed: !context.passed });
    if (kept !== undefined) context.diagnostic(kept);
    // What to do about an error of the sandbox, which TAP does not show.
    const { next } = context.error?.cause ?? {};
    if (next !== undefined) context.diagnostic(next);
  });
  after(() => harness.close());
  return () => lease.stores;
}
