import type { QdrantClient } from '@qdrant/js-client-rest';
import { scrollAll } from '../schema/collections.ts';
import type { QdrantAsk } from './questions.ts';

type Fault = Extract<QdrantAsk, { readonly vectors: unknown }>['vectors'];

/** Ids of the points with a fault. The vectors are read once for all faults. Throws once the deadline has passed. */
export type VectorScan = (fault: Fault, deadlineAtMs: number) => Promise<readonly string[]>;

/** How far a length may be from 1: float32 of 768 numbers is off by less than 1e-5. */
const lengthTolerance = 1e-3;

/** Vectors of a page: 768 numbers of JSON are 10 kB. */
const pageSize = 250;

export function createVectorScan(client: QdrantClient, name: string): VectorScan {
  let scanned: Promise<Readonly<Record<Fault, readonly string[]>>> | undefined;
  return async (fault, deadlineAtMs) => {
    scanned ??= scan(client, name, deadlineAtMs);
    return (await scanned)[fault];
  };
}

async function scan(client: QdrantClient, name: string, deadlineAtMs: number) {
  const found: Record<Fault, string[]> = { 'not finite': [], 'not of unit length': [], 'of another dimension': [] };
  const { config } = await client.getCollection(name);
  const { size } = (config.params.vectors ?? {}) as { readonly size?: number };
  for await (const points of scrollAll(client, name, { withVector: true, payload: [], limit: pageSize })) {
    if (performance.now() > deadlineAtMs) throw new Error('the deadline of the check has passed');
    for (const { id, vector } of points) {
      const fault = faultOf(vector ?? [], size);
      if (fault !== undefined) found[fault].push(String(id));
    }
  }
  return found;
}

/** The first thing that is wrong: a vector that is not finite has no length. */
function faultOf(vector: readonly (number | null)[], size: number | undefined): Fault | undefined {
  if (size !== undefined && vector.length !== size) return 'of another dimension';
  let square = 0;
  for (const value of vector) {
    // JSON has no other way to write a number that is not finite.
    if (value === null || !Number.isFinite(value)) return 'not finite';
    square += value * value;
  }
  return Math.abs(Math.sqrt(square) - 1) > lengthTolerance ? 'not of unit length' : undefined;
}
