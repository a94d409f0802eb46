import type { QdrantClient } from '@qdrant/js-client-rest';
import { afterAll, beforeAll, describe } from 'vitest';
import type { RunningEngine } from '../../../sandbox/engines/contract/topology.ts';
import { qdrant } from '../../../sandbox/engines/qdrant/engine.ts';
import { openClient } from '../../../sandbox/engines/qdrant/server/connection.ts';
import { createStack, type Stack } from '../../../sandbox/stack/create-stack.ts';
import { fewRows } from '../../support/few-rows.ts';
import { type Mutation, testMutations } from '../support/mutations.ts';

let stack: Stack<'qdrant'>;
let running: RunningEngine;
let client: QdrantClient;

const alias = { alias_name: 'people', collection_name: 'user_vectors' };

beforeAll(async () => {
  stack = await createStack({ engines: ['qdrant'], size: fewRows, connect: false });
  running = stack.engines.qdrant;
  client = openClient(running);
  await client.updateCollectionAliases({ actions: [{ create_alias: alias }] });
});
afterAll(() => stack?.dispose());

/** Changes the first point, and puts it back as it was. Cosine vectors are kept normalised: they come back as they are. */
async function changing(
  there: QdrantClient,
  change: (point: { id: string | number; vector: number[]; payload: Record<string, unknown> }) => Promise<unknown>,
): Promise<() => Promise<unknown>> {
  const { points } = await there.scroll('user_vectors', { limit: 1, with_payload: true, with_vector: true });
  const point = points[0] as never as { id: string; vector: number[]; payload: Record<string, unknown> };
  await change({ ...point, vector: [...point.vector] });
  return () => there.upsert('user_vectors', { wait: true, points: [point] });
}

const mutations: readonly Mutation<QdrantClient>[] = [
  {
    name: 'a vector that moved a little',
    parts: ['user_vectors points'],
    damage: (there) =>
      changing(there, ({ id, vector, payload }) => {
        vector[0] = (vector[0] ?? 0) + 0.001;
        return there.upsert('user_vectors', { wait: true, points: [{ id, vector, payload }] });
      }),
  },
  {
    name: 'a changed payload',
    parts: ['user_vectors points'],
    damage: (there) =>
      changing(there, ({ id }) =>
        there.setPayload('user_vectors', { wait: true, points: [id], payload: { learning_style: 'another' } }),
      ),
  },
  {
    name: 'a lost field of a payload',
    parts: ['user_vectors points'],
    damage: (there) =>
      changing(there, ({ id }) =>
        there.deletePayload('user_vectors', { wait: true, points: [id], keys: ['silicon_level'] }),
      ),
  },
  {
    name: 'a lost point',
    parts: ['user_vectors points'],
    damage: (there) => changing(there, ({ id }) => there.delete('user_vectors', { wait: true, points: [id] })),
  },
  {
    name: 'a lost payload index',
    parts: ['user_vectors collection'],
    damage: async (there) => {
      await there.deletePayloadIndex('user_vectors', 'learning_style', { wait: true });
      const index = { field_name: 'learning_style', field_schema: 'keyword' } as const;
      return () => there.createPayloadIndex('user_vectors', { ...index, wait: true });
    },
  },
  {
    name: 'a payload index with another option',
    parts: ['user_vectors collection'],
    damage: async (there) => {
      await there.deletePayloadIndex('user_vectors', 'user_id', { wait: true });
      const field_schema = { type: 'keyword', is_tenant: true } as const;
      await there.createPayloadIndex('user_vectors', { field_name: 'user_id', field_schema, wait: true });
      return async () => {
        await there.deletePayloadIndex('user_vectors', 'user_id', { wait: true });
        await there.createPayloadIndex('user_vectors', { field_name: 'user_id', field_schema: 'keyword', wait: true });
      };
    },
  },
  {
    name: 'a lost alias',
    parts: ['aliases'],
    damage: async (there) => {
      await there.updateCollectionAliases({ actions: [{ delete_alias: { alias_name: 'people' } }] });
      return () => there.updateCollectionAliases({ actions: [{ create_alias: alias }] });
    },
  },
  {
    name: 'an alias of another collection',
    parts: ['aliases'],
    damage: async (there) => {
      const other = { alias_name: 'people', collection_name: 'knowledge_vectors' };
      await there.updateCollectionAliases({ actions: [{ create_alias: other }] });
      return () => there.updateCollectionAliases({ actions: [{ create_alias: alias }] });
    },
  },
  {
    name: 'a changed metadata of a collection',
    parts: ['knowledge_vectors collection'],
    damage: async (there) => {
      const dataset = await qdrant.data.loadedFingerprint(running);
      await there.updateCollection('knowledge_vectors', { metadata: { dataset: 'another' } });
      return () => there.updateCollection('knowledge_vectors', { metadata: { dataset } });
    },
  },
  {
    name: 'a collection too many',
    parts: ['more collection', 'more points'],
    damage: async (there) => {
      await there.createCollection('more', { vectors: { size: 4, distance: 'Dot' } });
      return () => there.deleteCollection('more');
    },
  },
];

describe('the fingerprint of Qdrant notices', () => {
  testMutations(
    mutations,
    () => client,
    () => qdrant.data.fingerprint(running),
  );
});
