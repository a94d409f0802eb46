import { expect, test } from 'vitest';
import { deadlineMs } from '../../../sandbox/core/deadlines.ts';
import { poll } from '../../../sandbox/core/poll.ts';
import { withDeadline } from '../../../sandbox/core/within.ts';
import type { EngineName } from '../../../sandbox/engines/engine-names.ts';
import type { Harness } from '../../../sandbox/harness/harness-of.ts';
import type { SharedStack } from './shared-stack.ts';

/** A checkout may have engines more, of which nothing is known here. */
const tried = ['postgresql', 'mongodb', 'neo4j', 'redis', 'qdrant'] as const satisfies readonly EngineName[];

type Tried = (typeof tried)[number];
type Lease = Awaited<ReturnType<Harness<Tried>['lease']>>;
type Ask = (lease: Lease, how?: { readonly direct?: boolean }) => Promise<unknown>;

/** One question to each store, by its driver's own client. */
const asks: Readonly<Record<Tried, Ask>> = {
  postgresql: async ({ stores }, how) => (await (await stores.postgresql.client(how)).query('select 1')).rows.length,
  mongodb: async ({ stores }, how) => (await stores.mongodb.client(how)).db().command({ ping: 1 }),
  neo4j: async ({ stores }, how) => (await stores.neo4j.client(how)).executeQuery('RETURN 1'),
  redis: async ({ stores }, how) => (await stores.redis.client(how)).ping(),
  qdrant: async ({ stores }, how) => (await stores.qdrant.client(how)).getCollections(),
};

/** How long whoever must not answer is listened to: it has answered in some milliseconds right before. */
const brokenMs = 1_000;

/** Whether an answer comes in time; by default one in which a healthy store gives one, driver and connection included. */
async function answers(
  asking: Promise<unknown>,
  withinMs = deadlineMs('statement'),
): Promise<'answered' | 'failed' | 'silent'> {
  const ended = asking.then(
    () => 'answered' as const,
    () => 'failed' as const,
  );
  return withDeadline(ended, withinMs).catch(() => 'silent');
}

/** Pools and drivers find by themselves that it is well again, some by asking once more. */
async function untilAnswered(ask: Ask, lease: Lease): Promise<void> {
  await poll(async () => (await answers(ask(lease), 3_000)) === 'answered', {
    timeoutMs: deadlineMs('statement'),
    onTimeout: () => new Error('it is not well again'),
  });
}

/** A store fails for its test alone, and is well again after it. */
export function faultTests(shared: SharedStack): void {
  test.each(tried)(
    '%s fails for one test alone, round which it can be looked at, and is well again after it',
    async (engine) => {
      const ask = asks[engine];
      await using lease = await shared.harness.lease({ engines: [engine], label: 'fails', faults: true });
      await using other = await shared.harness.lease({ engines: [engine], label: 'goes on' });
      const store = lease.stores[engine];
      const uris = Object.values(lease.environment).filter((value) => value.includes('://'));
      const own = Object.values(other.environment).filter((value) => value.includes('://'));
      expect(uris.length).toBe(own.length);
      expect(await answers(ask(lease))).toBe('answered');
      for (const fault of ['down', 'reset', 'pause'] as const) {
        await using _fault = await store.fault(fault);
        expect(await answers(ask(lease), brokenMs), fault).not.toBe('answered');
        expect(await answers(ask(lease, { direct: true })), fault).toBe('answered');
        expect(await answers(ask(other)), fault).toBe('answered');
      }
      await untilAnswered(ask, lease);
      const startedMs = performance.now();
      await store.fault({ latencyMs: 300 });
      expect(await answers(ask(lease))).toBe('answered');
      expect(performance.now() - startedMs).toBeGreaterThanOrEqual(300);
      await store.fault({ cutAfterBytes: 3 });
      expect(await answers(ask(lease), brokenMs)).not.toBe('answered');
      await store.heal();
      await untilAnswered(ask, lease);
    },
    600_000,
  );

  test('a store is as new after a fault, and the databases of PostgreSQL that are made on demand fail with the first', async () => {
    const label = 'four databases';
    await using lease = await shared.harness.lease({ engines: ['postgresql'], label, faults: ['postgresql'] });
    const { default: pg } = await import('pg');
    const ask = async (connectionString: string | undefined) => {
      const client = new pg.Client({ connectionString: connectionString ?? '' });
      await client.connect();
      await client.end();
    };
    const { DATABASE_URL, DATABASE_AI_URL, PGPORT } = lease.environment;
    expect(new URL(DATABASE_URL ?? '').port).toBe(PGPORT);
    await ask(DATABASE_AI_URL);
    await lease.stores.postgresql.fault('down');
    for (const url of [DATABASE_URL, DATABASE_AI_URL]) {
      await expect(ask(url)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    }
  });

  test('what is under way when a store goes down is taken back, and a client that nobody gives back holds no lease up', async () => {
    const engines = ['postgresql', 'neo4j'] as const;
    const lease = await shared.harness.lease({ engines, label: 'under way', faults: true });
    const { postgresql, neo4j } = lease.stores;
    const taken = await (await postgresql.client()).connect();
    taken.on('error', () => {});
    await taken.query('BEGIN');
    await taken.query('DELETE FROM user_preferences');
    const session = (await neo4j.client()).session();
    const transaction = session.beginTransaction();
    await transaction.run('CREATE (:Concept {name: $name})', { name: 'under way' });
    for (const store of [postgresql, neo4j]) await store.fault('reset');
    await expect(taken.query('COMMIT')).rejects.toThrow();
    await expect(transaction.commit()).rejects.toThrow();
    const preferences = 'SELECT count(*)::int AS count FROM user_preferences';
    const { rows } = await (await postgresql.client({ direct: true })).query(preferences);
    expect(rows[0]?.count).toBeGreaterThan(0);
    const graph = await neo4j.client({ direct: true });
    const { records } = await graph.executeQuery("MATCH (c:Concept {name: 'under way'}) RETURN c");
    expect(records).toEqual([]);
    const other = await (await postgresql.client({ direct: true })).connect();
    other.on('error', () => {});
    await other.query('BEGIN');
    await lease.release();
  });

  test('who does not take the address of Neo4j as it is meets its faults all the same', async () => {
    await using lease = await shared.harness.lease({ engines: ['neo4j'], label: 'routes', faults: ['neo4j'] });
    const { uri, environment, fault } = lease.stores.neo4j;
    const { default: driverOf } = await import('neo4j-driver');
    const login = driverOf.auth.basic(environment.NEO4J_USERNAME ?? '', environment.NEO4J_PASSWORD ?? '');
    await using routed = driverOf.driver(uri.replace('bolt:', 'neo4j:'), login, { maxTransactionRetryTime: 500 });
    await routed.executeQuery('RETURN 1');
    await using _down = await fault('down');
    await expect(routed.executeQuery('RETURN 1')).rejects.toThrow();
  });
}
