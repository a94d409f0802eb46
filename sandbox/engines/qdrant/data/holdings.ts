import { createHash } from 'node:crypto';
import { canonicalText, type HeldRow, type Holding, rowsLoaded } from '../../contract/data/holdings.ts';
import type { ReachableEngine } from '../../contract/topology.ts';
import type { CollectionName, ScrolledPoint } from '../schema/collections.ts';
import { openClient, request } from '../server/connection.ts';
import { knowledgePayload, knowledgePointId, storedVector, userPayload, userPointId } from './points.ts';

/** Points with their vectors that are asked for at once: 768 numbers are some 8 KB of JSON. */
const pointsPerPage = 250;

export const holdings: readonly Holding[] = [
  {
    name: 'knowledge_vectors',
    one: 'vector of knowledge',
    many: 'vectors of knowledge',
    countMax: ({ counts }) => counts.knowledgeVectors,
    loaded: rowsLoaded('knowledgeVectors', (row) => [
      rowOf(knowledgePointId(row), knowledgePayload(row), storedVector(row.vector)),
    ]),
    held: (running) =>
      points(running, 'knowledge_vectors', ['knowledge_id', 'title', 'content', 'category', 'silicon_level']),
  },
  {
    name: 'user_vectors',
    one: 'vector of a user',
    many: 'vectors of users',
    countMax: ({ counts }) => counts.userVectors,
    loaded: rowsLoaded('userVectors', (row) => [rowOf(userPointId(row), userPayload(row), storedVector(row.vector))]),
    held: (running) => points(running, 'user_vectors', ['user_id', 'silicon_level', 'interests', 'learning_style']),
  },
];

interface Page {
  readonly points: readonly ScrolledPoint[];
  readonly next_page_offset?: string | number | null;
}

/** Points with the platform's fields of their payload. The client takes five times as long to read so many numbers. */
async function* points(
  running: ReachableEngine,
  name: CollectionName,
  payload: readonly string[],
): AsyncGenerator<HeldRow> {
  if (!(await openClient(running).collectionExists(name)).exists) return;
  const path = `/collections/${name}/points/scroll`;
  let offset: Page['next_page_offset'];
  do {
    const body = { limit: pointsPerPage, with_payload: payload, with_vector: true, ...(offset ? { offset } : {}) };
    const answer = await request(running, path, {
      method: 'POST',
      body: JSON.stringify(body),
      contentType: 'application/json',
    });
    const { result } = (await answer.json()) as { readonly result: Page };
    for (const point of result.points) yield rowOf(String(point.id), point.payload, point.vector);
    offset = result.next_page_offset;
  } while (offset !== undefined && offset !== null);
}

/** Vectors by the bytes of their float32: a load gives them the length at which the server leaves them as they are. */
function rowOf(id: string, payload: ScrolledPoint['payload'], vector: unknown): HeldRow {
  const isPlain = vector instanceof Float32Array || Array.isArray(vector);
  const numbers = isPlain ? createHash('sha1').update(bytesOf(vector)).digest('base64') : canonicalText(vector);
  return { key: id, value: `${canonicalText(payload ?? {})} ${numbers}` };
}

function bytesOf(vector: Float32Array | readonly number[]): Uint8Array {
  const { buffer, byteOffset, byteLength } = vector instanceof Float32Array ? vector : Float32Array.from(vector);
  return new Uint8Array(buffer, byteOffset, byteLength);
}
