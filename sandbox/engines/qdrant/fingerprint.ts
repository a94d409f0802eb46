import { createHash } from 'node:crypto';
import type { Fingerprint, RunningEngine } from '../engine.ts';
import { scrollAll } from './collections.ts';
import { openClient } from './connection.ts';

/**
 * The same data means: the same points with the same payload and the same vectors, bit by bit; and collections with
 * the same parameters, payload indexes and metadata.
 */
export async function fingerprint(running: RunningEngine): Promise<Fingerprint> {
  const client = openClient(running);
  const { collections } = await client.getCollections();
  const parts: Record<string, string> = {};
  for (const { name } of collections.toSorted((left, right) => (left.name < right.name ? -1 : 1))) {
    const { config, payload_schema } = await client.getCollection(name);
    const indexes = Object.entries(payload_schema).map(([field, index]) => `${field} ${index?.data_type}`);
    const { vectors } = config.params;
    parts[`${name} collection`] = hashOf(
      canonical({ vectors, indexes: indexes.toSorted(), metadata: config.metadata }),
    );
    parts[`${name} points`] = await hashOfPoints(client, name);
  }
  return { parts };
}

/** The server scrolls in the order of the ids. */
async function hashOfPoints(client: ReturnType<typeof openClient>, name: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const points of scrollAll(client, name, { withVector: true, limit: 500 })) {
    for (const { id, payload, vector } of points) {
      hash.update(`${id}\n${canonical(payload)}\n`).update(new Uint8Array(Float32Array.from(vector ?? []).buffer));
    }
  }
  return hash.digest('hex');
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** JSON with sorted keys. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([left], [right]) => (left < right ? -1 : 1)))
      : part,
  );
}
