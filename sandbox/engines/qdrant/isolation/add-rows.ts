import type { QdrantClient } from '@qdrant/js-client-rest';
import { knowledgePointId } from '../../../../seeds/random/identifiers.ts';
import type { EntityKeys, EntityRows, Place } from '../../contract/isolation.ts';
import { knowledgePoint, userPoint } from '../data/points.ts';
import type { CollectionName } from '../schema/collections.ts';
import { request } from '../server/connection.ts';

/** Adds points, which searches find from then on. */
export async function addRows({ uri, environment }: Place, rows: EntityRows): Promise<void> {
  const url = new URL(uri);
  url.password = environment.QDRANT_API_KEY ?? '';
  const upsert = async (name: CollectionName, points: readonly string[] = []) => {
    if (points.length === 0) return;
    const body = `{"points":[${points.join(',')}]}`;
    const path = `/collections/${name}/points?wait=true`;
    const options = { method: 'PUT', body, contentType: 'application/json' };
    await (await request({ url: url.href }, path, options)).arrayBuffer();
  };
  await upsert('knowledge_vectors', rows.knowledgeVectors?.map(knowledgePoint));
  await upsert('user_vectors', rows.userVectors?.map(userPoint));
}

/** An upsert would replace those that are there. */
export async function heldKeys(
  _: Place,
  { users, knowledge }: EntityKeys,
  open: () => Promise<QdrantClient>,
): Promise<EntityKeys> {
  const held = async (name: CollectionName, keys: readonly string[], pointIdOf: (key: string) => string) => {
    const ids = keys.map(pointIdOf);
    const points = await (await open()).retrieve(name, { ids, with_payload: false });
    const found = new Set(points.map(({ id }) => String(id)));
    return keys.filter((_key, index) => found.has(ids[index] ?? ''));
  };
  return {
    ...(users && { users: await held('user_vectors', users, (id) => id) }),
    ...(knowledge && { knowledge: await held('knowledge_vectors', knowledge, knowledgePointId) }),
  };
}
