import type { QdrantClient } from '@qdrant/js-client-rest';
import { type Planted, times, uuidFor } from './plant.ts';

const collections = [
  { name: 'knowledge_vectors', size: 768, key: 'knowledge_id', kind: 60 },
  { name: 'user_vectors', size: 512, key: 'user_id', kind: 70 },
] as const;

type Collection = (typeof collections)[number];

const unit = ({ size }: Collection, index: number) => times(size, (place) => (place === index ? 1 : 0));

const payloads = {
  knowledge_vectors: { title: 't', content: 'c', category: 'theory', silicon_level: 5 },
  user_vectors: { interests: [], learning_style: 'visual', silicon_level: 0 },
} as const;

/** Stores a point that is as it should be but for what is given. Returns its id. */
async function add(
  client: QdrantClient,
  collection: Collection,
  number: number,
  odd: { readonly vector?: readonly number[]; readonly payload?: Readonly<Record<string, unknown>> } = {},
): Promise<string> {
  const { name, key, kind } = collection;
  const id = uuidFor(kind, number);
  const payload = { ...payloads[name], [key]: `planted ${number}`, ...odd.payload };
  const given = Object.fromEntries(Object.entries(payload).filter(([, value]) => value !== undefined));
  const vector = [...(odd.vector ?? unit(collection, number))];
  await client.upsert(name, { wait: true, points: [{ id, vector, payload: given }] });
  return id;
}

/** One point in each collection is new. */
export async function plantNearMissesInQdrant(client: QdrantClient): Promise<void> {
  for (const collection of collections) {
    // Of length 1 but for what float32 has lost of it.
    const vector = unit(collection, 0).map((value) => value * 1.000_000_1);
    await add(client, collection, 0, { vector });
  }
}

export async function plantInQdrant(client: QdrantClient): Promise<Planted> {
  const planted: Record<string, readonly string[]> = {};
  for (const collection of collections) {
    const { name, key, size } = collection;
    const odd = (number: number, field: string, value: unknown) =>
      add(client, collection, number, { payload: { [field]: value } });
    planted[`qdrant.${name}.silicon-level-invalid`] = [
      await odd(1, 'silicon_level', 6),
      await odd(2, 'silicon_level', -1),
      await odd(3, 'silicon_level', 'high'),
    ];
    planted[`qdrant.${name}.silicon-level-null`] = [
      await odd(4, 'silicon_level', undefined),
      await odd(5, 'silicon_level', null),
    ];
    planted[`qdrant.${name}.id-null`] = [await odd(6, key, undefined)];
    planted[`qdrant.${name}.id-duplicates`] = [await odd(7, key, 'planted 0')];
    planted[`qdrant.${name}.not-unit-length`] = [await add(client, collection, 8, { vector: times(size, () => 0) })];
    await odd(9, 'surprise', 1);
    await client.createPayloadIndex(name, { field_name: 'surprise', field_schema: 'integer', wait: true });
    planted[`qdrant.${name}.catalogue`] = ['field surprise is not declared', 'index surprise is not declared'];
  }
  await client.createCollection('surprises', { vectors: { size: 2, distance: 'Dot' } });
  planted['qdrant.places'] = ['surprises has no contract'];
  return planted;
}

/** What the server itself refuses: a check for it finds nothing, and would where that changed. */
export async function refusedByQdrant(client: QdrantClient): Promise<readonly string[]> {
  const [collection] = collections;
  const vectors = { 'other-dimension': [1, 0], 'not-finite': times(collection.size, () => Number.NaN) };
  const refused = await Promise.all(
    Object.entries(vectors).map(async ([name, vector], index) => {
      const stored = await add(client, collection, 100 + index, { vector }).then(
        () => true,
        () => false,
      );
      return stored ? [] : [name];
    }),
  );
  return refused.flat();
}
