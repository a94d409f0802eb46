import { expect, test } from 'vitest';
import { checkAcrossStores } from '../../../sandbox/cross-store/check-across-stores.ts';
import { checkUsedStores } from '../../../sandbox/cross-store/check-used-stores.ts';
import type { EntityRows } from '../../../sandbox/engines/contract/isolation.ts';
import { type EngineName, engineNames } from '../../../sandbox/engines/engine-names.ts';
import { loadEngines } from '../../../sandbox/engines/load-engines.ts';
import { isolationOf } from '../../../sandbox/harness/isolation-of.ts';
import type { Lease } from '../../../sandbox/harness/lease.ts';
import { openStore } from '../../../sandbox/harness/open-store.ts';
import { createDataset } from '../../../seeds/create-dataset.ts';
import type { Dataset } from '../../../seeds/dataset.ts';
import type { EntityName } from '../../../seeds/entities.ts';
import { fewRows } from '../../support/few-rows.ts';
import { drift, idOf } from './given-to-the-stack.ts';
import { sharedPlace } from './leak-suite.ts';
import type { SharedStack } from './shared-stack.ts';

/** A dataset that has these rows too. */
function withRows(dataset: Dataset, added: readonly EntityRows[]): Dataset {
  const rowsOf = (name: EntityName) => added.flatMap((rows) => (rows[name] ?? []) as readonly never[]);
  const counts = Object.entries(dataset.counts).map(([name, count]) => [
    name,
    count + rowsOf(name as EntityName).length,
  ]);
  return {
    ...dataset,
    counts: Object.fromEntries(counts),
    async *batches(name) {
      yield* dataset.batches(name);
      yield rowsOf(name);
    },
  };
}

/** What each store of a lease has of a user, by its driver's own client. */
async function heldOf(lease: Pick<Lease, 'store'>, id: string) {
  const clients = {
    postgresql: await (await lease.store('postgresql')).client({ direct: true }),
    neo4j: await (await lease.store('neo4j')).client({ direct: true }),
    redis: await (await lease.store('redis')).client({ direct: true }),
    qdrant: await (await lease.store('qdrant')).client({ direct: true }),
  };
  const { rows } = await clients.postgresql.query('SELECT silicon_level AS level FROM users WHERE id = $1', [id]);
  const { records } = await clients.neo4j.executeQuery('MATCH (u:User {id: $id}) RETURN u.silicon_level AS level', {
    id,
  });
  const cached: { silicon_level?: number } = JSON.parse((await clients.redis.get(`user:${id}`)) ?? '{}');
  const points = await clients.qdrant.retrieve('user_vectors', { ids: [id], with_payload: true });
  return {
    postgresql: rows.map(({ level }) => level),
    neo4j: records.map((record) => record.get('level')),
    redis: cached.silicon_level === undefined ? [] : [cached.silicon_level],
    qdrant: points.map(({ payload }) => payload?.silicon_level),
  };
}

/** What a test is given is in all of its stores, and in nobody else's. */
export function givenTests(shared: SharedStack): void {
  test('the stores agree about all that was given, in every field, and each that holds it has it', async () => {
    const { user, content, conversation, concept, knowledge, added } = shared.given;
    const engines = await loadEngines([...shared.stack.engines.keys()] as EngineName[]);
    const dataset = createDataset({ size: 'small', counts: fewRows });
    const whole = withRows(dataset, added);
    expect(await checkUsedStores(engines, shared.stack.engines, whole, { strict: true })).toMatchObject({
      ok: true,
      differences: [],
    });
    // The control: who does not know of it finds it, in each store that holds it.
    const { differences } = await checkAcrossStores(engines, shared.stack.engines, dataset);
    const found = (id: string) =>
      differences
        .filter((text) => text.includes(id))
        .map((text) => text.split(':')[0])
        .toSorted();
    expect(found(user.id), differences.join('\n')).toEqual(['neo4j', 'postgresql', 'qdrant', 'redis']);
    expect([content, conversation].map(({ id }) => found(id))).toEqual([['mongodb'], ['mongodb']]);
    expect(found(concept.name)).toEqual(['neo4j']);
    expect(found(knowledge.id)).toEqual(['neo4j', 'postgresql', 'qdrant']);
  });

  test('a store that a test opens later has what was given before, and nobody else has it', async () => {
    await using lease = await shared.harness.lease({ engines: ['postgresql'], label: 'given', faults: ['postgresql'] });
    await using _down = await lease.stores.postgresql.fault('down');
    const { id } = await lease.given.user({ levels: { silicon: 4 } });
    expect(await heldOf(lease, id)).toEqual({ postgresql: [4], neo4j: [4], redis: [4], qdrant: [4] });
    const running = shared.stack.engines.get('redis');
    const [redis] = await loadEngines(['redis']);
    if (running === undefined || redis === undefined) throw new Error('the stack has a Redis');
    await using own = await openStore('redis', sharedPlace(redis, running), { isolationOf, canFail: false, drift });
    const client = (await own.store.client()) as { exists: (key: string) => Promise<number> };
    expect(await client.exists(`user:${id}`)).toBe(0);
  });

  test('what one store refuses the stores behind it are not given', async () => {
    await using lease = await shared.harness.lease({ engines: ['postgresql', 'redis'], label: 'refused' });
    await lease.given.user({ username: 'ada' });
    const id = idOf(7);
    await expect(lease.given.user({ id, username: 'ada' })).rejects.toMatchObject({
      code: 'GIVEN_REFUSED',
      engine: 'postgresql',
      message: expect.stringMatching(/duplicate key/),
    });
    await expect(lease.given.user({ id, levels: { thinking: 6 } })).rejects.toMatchObject({ code: 'BAD_OPTION' });
    expect(await (await lease.stores.redis.client()).exists(`user:${id}`)).toBe(0);
    await lease.given.user({ id, username: 'ida' });
    expect(await (await lease.stores.redis.client()).exists(`user:${id}`)).toBe(1);
    await lease.release();
    await expect(lease.given.user()).rejects.toMatchObject({ code: 'LEASE_NOT_FOUND' });
  });

  test('every engine that a lease can have is one that rows are given to', async () => {
    const lacking = await Promise.all(
      engineNames
        .filter((name) => shared.stack.engines.has(name))
        .map(async (name) => ((await isolationOf(name)).addRows === undefined ? [name] : [])),
    );
    expect(lacking.flat()).toEqual([]);
  });

  test('nothing is given twice, or to nobody, in whichever stores a test has', async () => {
    await using lease = await shared.harness.lease({ engines: [], label: 'twice' });
    const { given } = lease;
    const redis = await (await lease.store('redis')).client();
    await lease.store('qdrant');
    const user = await given.user({ levels: { silicon: 2 } });
    const before = await redis.get(`user:${user.id}`);
    await expect(given.user({ id: user.id })).rejects.toMatchObject({ code: 'GIVEN_REFUSED' });
    expect(await redis.get(`user:${user.id}`)).toBe(before);
    await lease.store('mongodb');
    const content = await given.content({ userId: user.id });
    await expect(given.content({ id: content.id })).rejects.toMatchObject({ code: 'GIVEN_REFUSED', engine: 'mongodb' });
    await lease.store('neo4j');
    const about = [{ concept: 'a concept of nobody', relevance: 1 }];
    await expect(given.knowledge({ about })).rejects.toMatchObject({ code: 'GIVEN_REFUSED' });
    for (const give of [given.content, given.conversation]) {
      await expect(give({ userId: idOf(9) })).rejects.toMatchObject({
        code: 'GIVEN_REFUSED',
        message: expect.stringContaining(idOf(9)),
      });
    }
    const postgresql = await (await lease.store('postgresql')).client();
    await postgresql.query(`UPDATE users SET id = $1 WHERE id = $2`, [idOf(9), user.id]);
    // The service has made that user, in the store in which it makes them.
    await given.content({ userId: idOf(9) });
  });
}
