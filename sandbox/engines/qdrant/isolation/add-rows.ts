import type { EntityRows, Place } from '../../contract/isolation.ts';
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
