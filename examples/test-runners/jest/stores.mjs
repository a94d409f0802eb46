// What all test files of Jest share: one harness for a file, and stores of its own for each test.
import { afterAll, beforeAll, test } from '@jest/globals';
import { openHarness } from 'taishang-sandbox/harness';

/** The first test of all waits until the pool is open. */
const timeoutMs = 120_000;

/** Returns Jest's `test`, whose body is given the stores: Jest tells no hook whether its test has failed. */
export function testWithStores(engines) {
  let harness;
  beforeAll(async () => {
    harness = await openHarness({ engines });
  }, timeoutMs);
  afterAll(() => harness.close(), timeoutMs);
  return (name, body) =>
    test(
      name,
      async () => {
        const lease = await harness.lease({ label: name });
        let failed = true;
        try {
          await body(lease.stores);
          failed = false;
        } finally {
          const { kept } = await lease.release({ failed });
          if (kept !== undefined) console.error(kept);
        }
      },
      timeoutMs,
    );
}
