import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { resolveImages } from '../../sandbox/containers/images/images.ts';
import { silent } from '../../sandbox/core/progress.ts';
import type { Engine } from '../../sandbox/engines/contract/engine.ts';
import type { Failover } from '../../sandbox/engines/contract/failover.ts';
import { redis } from '../../sandbox/engines/redis/engine.ts';
import { hasFailed } from '../../sandbox/report/scenarios-text.ts';
import { runFailoverSuite } from '../../scenarios/failover/suite.ts';
import { summaryOf } from '../../scenarios/results.ts';
import type { SuiteContext } from '../../scenarios/suite-context.ts';

let reportDirectory: string;
beforeAll(async () => {
  reportDirectory = await mkdtemp(join(tmpdir(), 'taishang-broken-suite-'));
});
afterAll(() => rm(reportDirectory, { recursive: true, force: true }));

test('a control that loses nothing makes the suite broken, and the command end with exit code 1', async () => {
  const { signal } = new AbortController();
  const requests = [{ engine: redis.name, spec: redis.image }];
  const context: SuiteContext = {
    depth: 'quick',
    size: 'small',
    seed: 1,
    images: await resolveImages(requests, { policy: 'auto', progress: silent, signal }),
    stackOptions: { images: 'auto', dockerInstall: 'never', signal },
    reportDirectory,
    progress: silent,
    signal,
  };
  const failover = redis.failover as Failover;
  // What makes the promise is left in place: the append-only file outlives kill -9, so that the control loses nothing.
  const engine = {
    ...redis,
    failover: {
      ...failover,
      contracts: failover.contracts.filter(({ topology }) => topology === 'standalone'),
      weaken: async () => {},
    },
  } as unknown as Engine;
  const results = await runFailoverSuite(engine, context);
  expect(results).toMatchObject([
    {
      verdict: 'fail',
      case: expect.stringMatching(/^positive control/),
      reason: expect.stringMatching(/suite is broken/),
    },
  ]);
  // What `sandbox scenarios` makes its exit code of.
  expect(hasFailed(summaryOf(results))).toBe(true);
});
