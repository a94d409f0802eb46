import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Document, IndexDirection } from 'mongodb';

export const collectionNames = ['user_contents', 'ai_conversations', 'data_statistics', 'backup_logs'] as const;

export type CollectionName = (typeof collectionNames)[number];

/** What a schema file says of a collection. */
export interface CollectionSchema {
  readonly validator?: Document;
  readonly indexes: readonly Readonly<Record<string, IndexDirection>>[];
}

export const schemaDirectory = import.meta.dirname;

/** Name that the server gives an index by itself: `user_id_1_created_at_-1`. */
export function indexName(key: Readonly<Record<string, IndexDirection>>): string {
  return Object.entries(key)
    .map(([field, direction]) => `${field}_${direction}`)
    .join('_');
}

export function isTextIndex(key: Readonly<Record<string, IndexDirection>>): boolean {
  return Object.values(key).includes('text');
}

export function schemaFile(name: CollectionName, directory = schemaDirectory): string {
  return join(directory, `${name}.json`);
}

export async function readCollectionSchema(name: CollectionName, directory?: string): Promise<CollectionSchema> {
  return JSON.parse(await readFile(schemaFile(name, directory), 'utf8')) as CollectionSchema;
}

/** What the stand-in lacks, as it is said wherever it matters. */
export const noTextIndexes = 'SecantusDB 0.7 has no text indexes';
