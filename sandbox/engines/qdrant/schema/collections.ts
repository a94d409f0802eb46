import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { QdrantClient } from '@qdrant/js-client-rest';
import { withoutUndefined } from '../../../core/without-undefined.ts';

export const collectionNames = ['knowledge_vectors', 'user_vectors'] as const;

export type CollectionName = (typeof collectionNames)[number];

/** What a schema file says of a collection. */
export interface CollectionSchema {
  readonly vectors: { readonly size: number; readonly distance: 'Cosine' | 'Dot' | 'Euclid' | 'Manhattan' };
  readonly payload_indexes: Readonly<Record<string, 'keyword' | 'integer'>>;
}

export const schemaDirectory = import.meta.dirname;

export async function readCollectionSchema(name: string, directory = schemaDirectory): Promise<CollectionSchema> {
  return JSON.parse(await readFile(join(directory, `${name}.json`), 'utf8')) as CollectionSchema;
}

/**
 * Points of a collection, page by page. Every page holds at most `limit` points (default: 1,000), with these fields of
 * their payload (default: all).
 */
export async function* scrollAll(
  client: QdrantClient,
  name: string,
  options: {
    readonly withVector?: boolean;
    readonly limit?: number;
    readonly payload?: readonly string[];
    readonly filter?: Readonly<Record<string, unknown>>;
    /** Seconds after which the server gives a page up. Default: its own, a minute. */
    readonly timeoutS?: number;
  } = {},
): AsyncGenerator<readonly ScrolledPoint[]> {
  let offset: string | number | undefined;
  do {
    const page = await client.scroll(name, {
      limit: options.limit ?? 1_000,
      with_payload: options.payload === undefined ? true : [...options.payload],
      with_vector: options.withVector ?? false,
      ...withoutUndefined({ offset, filter: options.filter, timeout: options.timeoutS }),
    });
    yield page.points as readonly ScrolledPoint[];
    offset = (page.next_page_offset ?? undefined) as string | number | undefined;
  } while (offset !== undefined);
}

export interface ScrolledPoint {
  readonly id: string | number;
  readonly payload?: Readonly<Record<string, unknown>> | null;
  readonly vector?: readonly number[] | null;
}
