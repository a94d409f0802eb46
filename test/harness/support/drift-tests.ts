import { expect, test } from 'vitest';
import type { RunningEngine } from '../../../sandbox/engines/contract/topology.ts';
import type { EngineName } from '../../../sandbox/engines/engine-names.ts';
import { openPrimary } from '../../../sandbox/engines/postgresql/server/connection.ts';
import type { Harness } from '../../../sandbox/harness/harness-of.ts';
import type { AttachedStack } from '../../../sandbox/stack/attach/attach-stack.ts';
import type { SharedStack } from './shared-stack.ts';

type Lease = Awaited<ReturnType<Harness['lease']>>;

/** Migrations of a service: one that only adds, and one that takes away what the platform has. */
interface Migrations {
  readonly adds: (lease: Lease) => Promise<unknown>;
  readonly removes: (lease: Lease, stack: AttachedStack) => Promise<unknown>;
  readonly found: RegExp;
}

const migrations: Readonly<Partial<Record<EngineName, Migrations>>> = {
  postgresql: {
    adds: async ({ stores }) => (await stores.postgresql.client()).query('CREATE TABLE of_the_service (id int)'),
    // An application owns nothing of the platform: whoever does has done it.
    async removes({ stores }, { engines }) {
      const database = new URL(stores.postgresql.uri).pathname.slice(1);
      await using owner = await openPrimary(engines.get('postgresql') as RunningEngine, { database });
      await owner.client.query('DROP TABLE user_preferences');
    },
    found: /^postgresql: table user_preferences of taishang_users is missing$/m,
  },
  mongodb: {
    adds: async ({ stores }) => (await stores.mongodb.client()).db().createCollection('of_the_service'),
    removes: async ({ stores }) => (await stores.mongodb.client()).db().collection('ai_conversations').drop(),
    found: /^mongodb: collection ai_conversations is missing$/m,
  },
  neo4j: {
    adds: async ({ stores }) =>
      (await stores.neo4j.client()).executeQuery('CREATE INDEX of_the_service FOR (n:Order) ON (n.id)'),
    async removes({ stores }) {
      const driver = await stores.neo4j.client();
      const { records } = await driver.executeQuery('SHOW CONSTRAINTS YIELD name RETURN name LIMIT 1');
      await driver.executeQuery(`DROP CONSTRAINT ${records[0]?.get('name')}`);
    },
    found: /^neo4j: constraint \w+ is missing$/m,
  },
  qdrant: {
    adds: async ({ stores }) =>
      (await stores.qdrant.client()).createCollection('of_the_service', { vectors: { size: 4, distance: 'Dot' } }),
    removes: async ({ stores }) => (await stores.qdrant.client()).deleteCollection('user_vectors'),
    found: /^qdrant: collection user_vectors is missing$/m,
  },
};

/** How a store differs from the platform's schema is named, and the next test has all of it. */
export function driftTests(shared: SharedStack): void {
  test.each(Object.entries(migrations))(
    '%s: what a migration adds is no drift, what it takes away is named, and the next test has all of it',
    async (name, { adds, removes, found }) => {
      const engine = name as EngineName;
      const lease = await shared.harness.lease({ engines: [engine], label: 'migrates' });
      const store = lease.stores[engine];
      await store.expectSchema();
      await adds(lease);
      expect(await store.schemaDrift()).toEqual([]);
      await removes(lease, shared.stack);
      expect((await store.schemaDrift()).join('\n')).toMatch(found);
      await expect(store.expectSchema()).rejects.toMatchObject({
        code: 'SCHEMA_INCOMPLETE',
        engine,
        evidence: expect.stringMatching(found),
      });
      await lease.release();
      await using next = await shared.harness.lease({ engines: [engine], label: 'comes after' });
      await next.stores[engine].expectSchema();
    },
    600_000,
  );

  test('redis: the functions are of the server, and all there', async () => {
    await using lease = await shared.harness.lease({ engines: ['redis'], label: 'migrates nothing' });
    await lease.stores.redis.expectSchema();
  });
}
