import { test as base, inject, type TestAPI, type TestContext } from 'vitest';
import { SandboxError } from '../../core/errors.ts';
import { checkEngines } from '../../engines/check-engine-names.ts';
import { type EngineName, engineNames } from '../../engines/engine-names.ts';
import type { AttachedStack } from '../../stack/attach/attach-stack.ts';
import type { Given } from '../given/given.ts';
import { type Harness, harnessOf } from '../harness-of.ts';
import { describeQueries } from '../insight/describe-queries.ts';
import type { Stores } from '../lease.ts';
import { settingsOf } from '../lease-settings.ts';
import { failedForGood } from './failed-for-good.ts';
import { leaseInTime } from './lease-in-time.ts';
import { leaseWaitMs } from './lease-wait.ts';
import { type ProvidedHarness, providedKey } from './provided.ts';
import { saidAdvice } from './said-advice.ts';

/** Fixtures that a test may name, a store of each engine among them; what it does not name costs nothing. */
export type SandboxFixtures = Stores<EngineName> & {
  /** Engines that `environment` has: all of the stack, unless `test.override('engines', [...])` says which. */
  readonly engines: readonly EngineName[];
  /** Engines whose stores can fail: none, unless `test.override('faults', [...])` says which, or `true`: all. */
  readonly faults: readonly EngineName[] | true;
  /** Makes users, contents and so on, in all stores that the test names: `const user = await given.user()`. */
  readonly given: Given;
  /** Variables of stores of the test's own, passwords included, for a service in another process. */
  readonly environment: Readonly<Record<string, string>>;
  /** The stack that all tests share, with the stores that were loaded: to read. */
  readonly stack: AttachedStack;
};

/** An error of the sandbox that fails a test is told with what can be done about it. */
const withAdvice = base.extend('advice', { auto: true }, async ({ onTestFailed }) => {
  onTestFailed(({ task }) => {
    for (const line of saidAdvice(task.result?.errors ?? [])) console.error(line);
  });
});

// biome-ignore lint/correctness/noEmptyPattern: Vitest reads the names of fixtures here, and takes no other form.
const withHarness = withAdvice.extend('harness', { scope: 'worker' }, async ({}, { onCleanup }) => {
  const harness = await harnessOf(provided());
  onCleanup(() => harness.close());
  return harness;
});

const withLease = withHarness
  .extend('engines', async ({ harness }): Promise<readonly EngineName[]> => harness.engines)
  // biome-ignore lint/correctness/noEmptyPattern: as above.
  .extend('faults', async ({}): Promise<readonly EngineName[] | true> => [])
  .extend('lease', async ({ harness, task, faults, signal }, { onCleanup }) => {
    const waitMs = leaseWaitMs(settingsOf(provided()).waitMs, task.timeout);
    const taking = (harness as Harness).lease({ engines: [], label: nameOf(task), waitMs, faults });
    const lease = await leaseInTime(taking, signal);
    onCleanup(async () => {
      const { kept, queries } = await lease.release({ failed: failedForGood(task) });
      if (queries !== undefined) for (const line of describeQueries(nameOf(task), queries)) console.error(line);
      if (kept !== undefined) console.error(kept);
    });
    return lease;
  })
  .extend('given', async ({ lease }) => lease.given)
  .extend('environment', async ({ lease, engines }) => {
    checkEngines('engines', engines);
    for (const engine of engines.toSorted()) await lease.store(engine);
    return lease.environment;
  })
  .extend('stack', async ({ harness }) => {
    const { attachStack } = await import('../../stack/attach/attach-stack.ts');
    return attachStack(harness.identity);
  });

/**
 * Vitest's `test`, with stores of each test's own: `postgresql`, `mongodb`, `neo4j`, `redis`, `qdrant`, `environment`.
 * Needs `globalSetup: ['taishang-sandbox/vitest/global-setup']`. Stores are waited for, together, at most four fifths of the
 * test's time-out, and given back when the test ends; a failed test keeps its stores and prints how to open them.
 * A test fails with `BAD_OPTION` where the setup has not run, `LEASE_TIMEOUT`, and `ISOLATION_BROKEN` where resets are verified.
 *
 *     test('a user signs up', async ({ postgresql }) => {
 *       const client = await postgresql.client();
 *       await client.query('...');
 *     });
 */
export const test: TestAPI<SandboxFixtures> = engineNames.reduce<TestAPI<object>>(
  (extended, name) =>
    (extended as typeof withLease).extend(name, async ({ lease }) => lease.store(name)) as unknown as TestAPI<object>,
  withLease as unknown as TestAPI<object>,
) as unknown as TestAPI<SandboxFixtures>;

/** As people find it: its file's suites, then its own. */
function nameOf(task: TestContext['task']): string {
  return task.fullTestName ?? task.name;
}

function provided(): ProvidedHarness {
  const found: ProvidedHarness | undefined = inject(providedKey);
  if (found !== undefined) return found;
  throw new SandboxError({
    code: 'BAD_OPTION',
    message: 'There is no stack that stores could be leased of: the setup has not run.',
    next: "Add it to Vitest's configuration: globalSetup: ['taishang-sandbox/vitest/global-setup'].",
  });
}
