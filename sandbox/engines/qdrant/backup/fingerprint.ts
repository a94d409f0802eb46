import { createHash } from 'node:crypto';
import type { QdrantClient } from '@qdrant/js-client-rest';
import { sha256Of } from '../../../core/sha256-of.ts';
import type { Fingerprint } from '../../contract/data.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { scrollAll } from '../schema/collections.ts';
import { openClient } from '../server/connection.ts';
import { readNames } from './names.ts';

/**
 * The same data means: the same points with the same payload and the same vectors, bit by bit; collections with the
 * same parameters, payload indexes with their options, and metadata; and the same aliases.
 * Collections that a restore has made beside the live ones are no part of it, until somebody uses them: `readNames`.
 */
export async function fingerprint(running: RunningEngine): Promise<Fingerprint> {
  const client = openClient(running);
  const { collections, aliases } = await readNames(client);
  const parts: Record<string, string> = { aliases: sha256Of(canonical(aliases)) };
  for (const name of collections) {
    const { collection, points } = await partsOf(client, name);
    parts[`${name} collection`] = collection;
    parts[`${name} points`] = points;
  }
  return { parts };
}

/** Both parts of one collection. */
export async function partsOf(client: QdrantClient, name: string): Promise<{ collection: string; points: string }> {
  const { config, payload_schema } = await client.getCollection(name);
  // How many points an index covers follows from the points.
  const indexes = Object.entries(payload_schema).map(([field, index]) => ({
    field,
    type: index?.data_type,
    options: index?.params,
  }));
  return {
    collection: sha256Of(canonical({ config, indexes: indexes.map(canonical).toSorted() })),
    points: await hashOfPoints(client, name),
  };
}

/** The server scrolls in the order of the ids. */
async function hashOfPoints(client: QdrantClient, name: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const points of scrollAll(client, name, { withVector: true, limit: 500 })) {
    for (const { id, payload, vector } of points) {
      hash.update(`${id}\n${canonical(payload)}\n`).update(new Uint8Array(Float32Array.from(vector ?? []).buffer));
    }
  }
  return hash.digest('hex');
}

/** JSON with sorted keys. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([left], [right]) => (left < right ? -1 : 1)))
      : part,
  );
}
