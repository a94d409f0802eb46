import { randomUUID } from 'node:crypto';
import type { QdrantClient } from '@qdrant/js-client-rest';
import { type LeaseBench, type OtherWay, timed } from '../../contract/bench/lease-bench.ts';

/** Points that one request reads or writes: 768 numbers are some 8 KB of JSON. */
const pointsAtOnce = 250;

/** More than any dataset that is measured has. */
const pointsMax = 1_000_000;

type Points = Parameters<QdrantClient['upsert']>[1] extends infer Body
  ? Extract<Body, { readonly points: unknown }>['points']
  : never;

/** What a fixture of a test does with collections that are there: all points out, all points in. */
const deleteAndUpsert: OtherWay<QdrantClient> = {
  name: 'delete, upsert of all points',
  kind: 'as new',
  role: 'bare',
  async prepare({ client }) {
    const { collections } = await client.getCollections();
    const seeds = await Promise.all(collections.map(({ name }) => readPoints(client, name, pointsMax)));
    const refill = async (name: string, points: Points) => {
      await client.delete(name, { wait: true, filter: { must: [] } });
      for (let first = 0; first < points.length; first += pointsAtOnce) {
        await client.upsert(name, { wait: true, points: points.slice(first, first + pointsAtOnce) });
      }
    };
    const refillAll = () => Promise.all(collections.map(({ name }, index) => refill(name, seeds[index] ?? [])));
    return { run: () => timed(refillAll), [Symbol.asyncDispose]: async () => {} };
  },
};

async function readPoints(client: QdrantClient, name: string, limit: number): Promise<Points> {
  const { points } = await client.scroll(name, { limit, with_payload: true, with_vector: true });
  return points.map(({ id, vector, payload }) => ({ id, vector, payload })) as Points;
}

/** A point like the first one, under an id of its own. */
async function write(client: QdrantClient): Promise<void> {
  const [collection] = (await client.getCollections()).collections;
  if (collection === undefined) return;
  const [point] = await readPoints(client, collection.name, 1);
  if (point !== undefined)
    await client.upsert(collection.name, { wait: true, points: [{ ...point, id: randomUUID() }] });
}

export const leases: LeaseBench<QdrantClient> = { write, others: [deleteAndUpsert] };
