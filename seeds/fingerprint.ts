import { createHash, type Hash } from 'node:crypto';
import { endianness } from 'node:os';
import type { Dataset } from './dataset.ts';
import type { EntityName } from './entities.ts';

/**
 * SHA-256, as hexadecimal text, over every row of every entity: entities by name, rows in their order, one line of
 * JSON each with keys in code-unit order, times as ISO 8601, and vectors as their bytes (little-endian float32)
 * after the line.
 */
export async function fingerprintOf(dataset: Pick<Dataset, 'batches' | 'counts'>): Promise<string> {
  const hash = createHash('sha256');
  for (const name of Object.keys(dataset.counts).sort() as EntityName[]) {
    hash.update(`${name}\n`);
    for await (const rows of dataset.batches(name)) {
      for (const row of rows) hashRow(hash, row);
    }
  }
  return hash.digest('hex');
}

function hashRow(hash: Hash, row: object): void {
  const { vector, ...rest } = row as { vector?: Float32Array };
  hash.update(`${JSON.stringify(inOrder(rest))}\n`);
  if (vector !== undefined) hash.update(littleEndianBytes(vector));
}

function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (value === null || typeof value !== 'object' || value instanceof Date) return value;
  const ordered: Record<string, unknown> = {};
  for (const key of Object.keys(value).sort()) ordered[key] = inOrder((value as Record<string, unknown>)[key]);
  return ordered;
}

function littleEndianBytes(vector: Float32Array): Uint8Array {
  const bytes = Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);
  return endianness() === 'LE' ? bytes : Buffer.from(bytes).swap32();
}
