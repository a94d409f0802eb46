import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Engine } from '../../sandbox/engines/contract/engine.ts';
import { NoSuchPlace, type QualitySession } from '../../sandbox/engines/contract/quality.ts';
import { loadEngines } from '../../sandbox/engines/load-engines.ts';
import { checksOf } from '../../sandbox/quality/contracts/checks.ts';
import { platformContracts, readContracts } from '../../sandbox/quality/contracts/read-contracts.ts';
import type { Distributions } from '../../sandbox/quality/drift/distributions.ts';
import type { QualityTarget } from '../../sandbox/quality/run/quality-target.ts';
import { runChecks } from '../../sandbox/quality/run/run-checks.ts';
import { createDataset } from '../../seeds/create-dataset.ts';
import { noticesOf, recorder } from '../containers/support/tiny-images.ts';
import { inMemory } from './support/distributions-in-memory.ts';
import { unreached } from './support/unreached.ts';

// 50 ms for what a server has 5 s for.
beforeEach(() => vi.stubEnv('SANDBOX_DEADLINE_FACTOR', '0.01'));
afterEach(() => vi.unstubAllEnvs());

/** A session that answers, in whose place a test puts what it is about. */
function sessionWith(more: Partial<QualitySession> = {}): QualitySession {
  return {
    reader: 'a made-up reader',
    answer: async () => ({ count: 0, ids: [] }),
    distribution: async () => [{ values: ['1', '2', '3'], count: 1_000 }],
    places: async () => [],
    catalogue: async () => [],
    [Symbol.asyncDispose]: async () => {},
    ...more,
  };
}

async function run(check: string | RegExp, open: () => Promise<QualitySession>, more: Partial<QualityTarget> = {}) {
  const [engine] = (await loadEngines(['postgresql'])) as [Engine];
  if (engine.quality === undefined) throw new Error('PostgreSQL has quality');
  const engines = [{ ...engine, quality: { ...engine.quality, open } }];
  const checks = checksOf(await readContracts(platformContracts, ['postgresql']), engines);
  const { events, progress } = recorder();
  const report = await runChecks({
    engines,
    running: new Map([['postgresql', unreached]]),
    checks: checks.filter(({ id }) => (typeof check === 'string' ? id === check : check.test(id))),
    moments: { now: new Date() },
    progress,
    ...more,
  });
  return { results: report.results, notices: noticesOf(events) };
}

const drift = 'postgresql.users.levels-drift';
const ordinary = 'postgresql.users.email-duplicates';

test('a store that answers later than it is waited for is unknown, and its connection is closed all the same', async () => {
  const answered = Promise.withResolvers<QualitySession>();
  const closed = Promise.withResolvers<void>();
  const { results } = await run(ordinary, () => answered.promise);
  expect(results).toMatchObject([{ check: ordinary, verdict: 'unknown' }]);
  answered.resolve(sessionWith({ [Symbol.asyncDispose]: async () => closed.resolve() }));
  await closed.promise;
});

test('an engine whose containers were removed is unknown, and the server that has its port now is not asked', async () => {
  let asked = false;
  const open = async () => {
    asked = true;
    return sessionWith();
  };
  const dataset = createDataset({ size: 'small' });
  const { results, notices } = await run(ordinary, open, {
    gone: new Set(['postgresql']),
    running: new Map(),
    dataset,
  });
  expect(results.map(({ verdict, check }) => [verdict, check.split('.')[0]])).toEqual(
    expect.arrayContaining([
      ['unknown', 'postgresql'],
      ['unknown', 'cross-store'],
    ]),
  );
  for (const { verdict, reason } of results) {
    expect({ verdict, reason }).toEqual({ verdict: 'unknown', reason: expect.stringContaining('are gone') });
  }
  expect(notices).toEqual([]);
  expect(asked).toBe(false);
});

test('whoever interrupts a run does not wait for what a store was asked, and its connection is closed', async () => {
  vi.stubEnv('SANDBOX_DEADLINE_FACTOR', '100');
  const abort = new AbortController();
  let isClosed = false;
  const session = sessionWith({
    answer: () => {
      abort.abort(new Error('interrupted'));
      return new Promise(() => {});
    },
    [Symbol.asyncDispose]: async () => {
      isClosed = true;
    },
  });
  await expect(run(ordinary, async () => session, { signal: abort.signal })).rejects.toThrow('interrupted');
  expect(isClosed).toBe(true);
});

test('a store that falls silent before it hears the goodbye holds nobody up', async () => {
  const session = sessionWith({ [Symbol.asyncDispose]: () => new Promise(() => {}) });
  const { results } = await run(ordinary, async () => session);
  expect(results).toMatchObject([{ check: ordinary, verdict: 'pass' }]);
});

test('a table that is gone is a gap between contract and catalogue, and no silence of the store', async () => {
  const catalogue = async () => {
    throw new NoSuchPlace('relation "users" does not exist');
  };
  const { results } = await run('postgresql.users.catalogue', async () => sessionWith({ catalogue }));
  expect(results).toMatchObject([{ verdict: 'fail', count: 1, ids: ['users is missing'] }]);
});

test('distributions that cannot be kept are said, and no run is lost for them', async () => {
  const distributions: Distributions = {
    read: async () => new Map(),
    write: async () => {
      throw new Error('the disk is full');
    },
  };
  const { results, notices } = await run(drift, async () => sessionWith(), { distributions });
  expect(results).toMatchObject([{ check: drift, verdict: 'not-run' }]);
  expect(notices).toContainEqual(expect.stringContaining('the disk is full'));
  const accepting = run(drift, async () => sessionWith(), { distributions, acceptDrift: true });
  await expect(accepting).rejects.toThrow('the disk is full');
});

test('a store that never tells a distribution holds no run up', async () => {
  vi.stubEnv('SANDBOX_DEADLINE_FACTOR', '0.001');
  const session = sessionWith({ distribution: () => new Promise(() => {}) });
  const { results } = await run(drift, async () => session, { distributions: inMemory() });
  expect(results).toMatchObject([{ check: drift, verdict: 'unknown' }]);
});

test('a place that was empty is no state that rows could have drifted from', async () => {
  const distributions = inMemory();
  const rows = (count: number) => async () =>
    sessionWith({ distribution: async () => (count === 0 ? [] : [{ values: ['1', '2', '3'], count }]) });
  await run(drift, rows(0), { distributions });
  const { results } = await run(drift, rows(5_000), { distributions });
  expect(results).toMatchObject([{ verdict: 'not-run', reason: expect.stringContaining('no earlier run') }]);
  expect((await run(drift, rows(5_000), { distributions })).results).toMatchObject([{ verdict: 'pass' }]);
});

test('a store that is gone in the midst of a run is not asked the rest, which is unknown', async () => {
  let opened = 0;
  const asked: string[] = [];
  const answer: QualitySession['answer'] = async ({ place }) => {
    asked.push(place.name);
    throw new Error('connection reset');
  };
  const open = async () => {
    opened += 1;
    return opened === 1 ? sessionWith({ answer }) : new Promise<QualitySession>(() => {});
  };
  const { results } = await run(/^postgresql\.users\..*(email|invalid)/, open);
  expect(results.length).toBeGreaterThan(5);
  expect(results.filter(({ verdict }) => verdict !== 'unknown')).toEqual([]);
  // As many as are asked side by side.
  expect(asked.length).toBeLessThanOrEqual(2);
  expect(results.map(({ reason }) => reason)).toContainEqual(expect.stringContaining('has fallen silent'));
});

test('a store that takes a new connection after it was silent is asked by that, and all are closed', async () => {
  // 0.3 s of 5 minutes; the store has 2 s more, to say why.
  vi.stubEnv('SANDBOX_DEADLINE_FACTOR', '0.001');
  const closed: number[] = [];
  let opened = 0;
  const open = async () => {
    opened += 1;
    const number = opened;
    return sessionWith({
      reader: `node ${number}`,
      ...(number === 1 ? { answer: () => new Promise(() => {}) } : {}),
      [Symbol.asyncDispose]: async () => void closed.push(number),
    });
  };
  const { results } = await run(/^postgresql\.users\..*(email|invalid)/, open);
  // As many as are asked side by side.
  expect(results.filter(({ verdict }) => verdict === 'unknown')).toHaveLength(2);
  expect(results.filter(({ verdict }) => verdict === 'pass').length).toBe(results.length - 2);
  expect(closed.toSorted()).toEqual(Array.from({ length: opened }, (_, index) => index + 1));
});

test('a check that a store does not answer keeps no other from being asked', async () => {
  const answer: QualitySession['answer'] = async ({ ask }) => {
    if ('file' in ask && String(ask.file).includes('email')) throw new Error('out of memory');
    return { count: 0, ids: [] };
  };
  const { results } = await run(/^postgresql\.users\..*(email|invalid)/, async () => sessionWith({ answer }));
  const unknown = results.filter(({ verdict }) => verdict === 'unknown');
  expect(unknown.map(({ check, reason }) => [check, reason])).toEqual([[ordinary, 'out of memory']]);
  expect(results.filter(({ verdict }) => verdict === 'pass')).toHaveLength(results.length - 1);
});

test('a store is asked no more things at once than it says, and what costs nothing comes first', async () => {
  let now = 0;
  const most = { constant: 0, scans: 0 };
  const order: (keyof typeof most)[] = [];
  const asked = (kind: keyof typeof most) => async () => {
    order.push(kind);
    now += 1;
    most[kind] = Math.max(most[kind], now);
    await new Promise(setImmediate);
    now -= 1;
  };
  const session = sessionWith({
    scansAtOnce: 1,
    answer: async (_, { mayEstimate = false }) => {
      await asked(mayEstimate ? 'constant' : 'scans')();
      return { count: 1, ids: [] };
    },
    catalogue: async () => {
      await asked('constant')();
      return [];
    },
  });
  await run(/^postgresql\.(users|user_sessions)\.(?!levels)/, async () => session);
  expect(most.scans).toBe(1);
  expect(most.constant).toBeGreaterThan(1);
  expect(order.lastIndexOf('constant')).toBeLessThan(order.indexOf('scans'));
});

test('stores are held against each other once their own checks are over, whose deadlines go on meanwhile', async () => {
  let answered = 0;
  const answeredBefore: number[] = [];
  const open = async () => {
    answeredBefore.push(answered);
    if (answeredBefore.length > 1) throw new Error('that is enough');
    return sessionWith({
      answer: async () => {
        await new Promise(setImmediate);
        answered += 1;
        return { count: 0, ids: [] };
      },
    });
  };
  const { url: _, ...started } = unreached;
  const running = new Map([['postgresql', { ...started, nodes: [], secrets: {} }]]);
  const dataset = createDataset({ size: 'small' });
  const { results } = await run(/^postgresql\.users\..*(email|invalid)/, open, { running, dataset });
  const [own, acrossStores] = [false, true].map((is) => results.filter(({ entity }) => (entity !== 'users') === is));
  expect(acrossStores?.map(({ reason }) => reason)).toEqual(['that is enough', 'that is enough']);
  expect(own?.length).toBeGreaterThan(5);
  expect(answeredBefore).toEqual([0, own?.length]);
});
