import { createHash, type Hash } from 'node:crypto';
import { endianness } from 'node:os';
import type { Dataset } from '../dataset.ts';
import type { EntityName, KnowledgeVector, UserVector } from '../entities.ts';
import { uuidOf } from '../random/identifiers.ts';

/** Rows of a chunk: each is hashed by itself, so that several can be at once, and together they are hashed in order. */
export const chunkRows = 1_000;

/**
 * SHA-256, as hexadecimal text, over every row of every entity: of lines with each entity's name, in order, and the
 * {@link digestOfRows} of each 1,000 of its rows.
 */
export async function fingerprintOf(dataset: Pick<Dataset, 'batches' | 'counts'>): Promise<string> {
  const lines = async function* () {
    for (const name of entityNamesOf(dataset.counts)) {
      yield name;
      let chunk = createHash('sha256');
      let rowsInChunk = 0;
      for await (const rows of dataset.batches(name)) {
        for (const row of rows) {
          hashRow(chunk, name, row);
          rowsInChunk += 1;
          if (rowsInChunk < chunkRows) continue;
          yield chunk.digest('hex');
          chunk = createHash('sha256');
          rowsInChunk = 0;
        }
      }
      if (rowsInChunk > 0) yield chunk.digest('hex');
    }
  };
  return fingerprintOfLines(lines());
}

/** The fingerprint of lines that were made elsewhere, in the same order. */
export async function fingerprintOfLines(lines: AsyncIterable<string>): Promise<string> {
  const hash = createHash('sha256');
  for await (const line of lines) hash.update(`${line}\n`);
  return hash.digest('hex');
}

/** Names of the entities in the order in which they are hashed. */
export function entityNamesOf(counts: Dataset['counts']): readonly EntityName[] {
  return Object.keys(counts).sort() as EntityName[];
}

/**
 * SHA-256 over rows of an entity, at most {@link chunkRows}: one line of JSON each with keys in code-unit order and times as
 * ISO 8601, and vectors as their bytes (little-endian float32) after the line.
 */
export function digestOfRows(name: EntityName, rows: readonly object[]): string {
  const hash = createHash('sha256');
  for (const row of rows) hashRow(hash, name, row);
  return hash.digest('hex');
}

/**
 * What rows said of themselves in earlier versions, though it follows from the rest. It still counts: the same data has the
 * same fingerprint, and what a stack or an archive has of an earlier version is known for what it is.
 */
const formerFields: { readonly [Name in EntityName]?: (row: object) => object } = {
  knowledgeVectors: (row) => ({ pointId: uuidOf('knowledge', (row as KnowledgeVector).knowledgeId) }),
  userVectors: (row) => ({ pointId: (row as UserVector).userId }),
};

function hashRow(hash: Hash, name: EntityName, row: object): void {
  const { vector, ...rest } = { ...row, ...formerFields[name]?.(row) } as { vector?: Float32Array };
  hash.update(`${JSON.stringify(inOrder(rest))}\n`);
  if (vector !== undefined) hash.update(littleEndianBytes(vector));
}

/** A number that is kept as its text (ECMAScript 2025, "JSON.rawJSON"): `JSON.stringify` writes it as it is. */
const isRaw = (JSON as unknown as { readonly isRawJSON: (value: unknown) => boolean }).isRawJSON;

function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (value === null || typeof value !== 'object' || value instanceof Date || isRaw(value)) return value;
  const ordered: Record<string, unknown> = {};
  for (const key of Object.keys(value).sort()) ordered[key] = inOrder((value as Record<string, unknown>)[key]);
  return ordered;
}

function littleEndianBytes(vector: Float32Array): Uint8Array {
  const bytes = Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);
  return endianness() === 'LE' ? bytes : Buffer.from(bytes).swap32();
}
