import { join } from 'node:path';
import type { QdrantClient } from '@qdrant/js-client-rest';
import { messageOf } from '../../core/errors.ts';
import type { SchemaOptions, SchemaReport } from '../engine.ts';
import { schemaDifferent, schemaFailed } from '../schema-errors.ts';
import type { RunningEngine } from '../topology.ts';
import { type CollectionSchema, collectionNames, readCollectionSchema, schemaDirectory } from './collections.ts';
import { openClient } from './connection.ts';

/**
 * Creates the collections and their payload indexes, side by side.
 * Throws `SCHEMA_DIFFERENT` where a collection has other vectors or indexes and `reset` is false (with it the
 * collection is dropped and made anew), and `SCHEMA_FAILED` with the file and the server's message.
 * `directory` holds the files; default: the platform's own.
 */
export async function applySchema(
  running: RunningEngine,
  { reset, directory = schemaDirectory }: SchemaOptions,
): Promise<SchemaReport> {
  const client = openClient(running);
  const applied = await Promise.all(
    collectionNames.map(async (name) => {
      const file = join(directory, `${name}.json`);
      const wanted = await readCollectionSchema(name, directory).catch((thrown) => {
        throw failed(file, thrown);
      });
      return applyCollection(client, name, wanted, { reset, file });
    }),
  );
  const names = collectionNames.filter((_, index) => applied[index]);
  return { applied: names, alreadyPresent: collectionNames.length - names.length };
}

async function applyCollection(
  client: QdrantClient,
  name: string,
  wanted: CollectionSchema,
  { reset, file }: { readonly reset: boolean; readonly file: string },
): Promise<boolean> {
  const there = await schemaOf(client, name);
  if (there !== undefined) {
    if (asText(there) === asText(wanted)) return false;
    // Indexes that are missing are what a start that was killed has left: they are added.
    const isUnfinished =
      asText({ ...there, payload_indexes: wanted.payload_indexes }) === asText(wanted) && isPartOf(there, wanted);
    if (!isUnfinished && !reset)
      throw schemaDifferent('qdrant', `The collection ${name}`, {
        file,
        there: asText(there),
        wanted: asText(wanted),
      });
    if (!isUnfinished) await client.deleteCollection(name);
  }
  try {
    if (!(await client.collectionExists(name)).exists) await client.createCollection(name, { vectors: wanted.vectors });
    await Promise.all(
      Object.entries(wanted.payload_indexes).map(([field, type]) =>
        client.createPayloadIndex(name, { field_name: field, field_schema: type, wait: true }),
      ),
    );
    return true;
  } catch (thrown) {
    throw failed(file, thrown);
  }
}

/** What a collection is, in the form of a schema file; `undefined` where there is none. */
export async function schemaOf(client: QdrantClient, name: string): Promise<CollectionSchema | undefined> {
  if (!(await client.collectionExists(name)).exists) return undefined;
  const { config, payload_schema } = await client.getCollection(name);
  const { size, distance } = config.params.vectors as CollectionSchema['vectors'];
  const indexes = Object.entries(payload_schema).map(([field, index]) => [field, index?.data_type] as const);
  return {
    vectors: { size, distance },
    payload_indexes: Object.fromEntries(indexes) as CollectionSchema['payload_indexes'],
  };
}

function isPartOf(there: CollectionSchema, wanted: CollectionSchema): boolean {
  return Object.entries(there.payload_indexes).every(([field, type]) => wanted.payload_indexes[field] === type);
}

function asText({ vectors, payload_indexes }: CollectionSchema): string {
  const indexes = Object.entries(payload_indexes).toSorted(([left], [right]) => (left < right ? -1 : 1));
  return JSON.stringify({ vectors, payload_indexes: Object.fromEntries(indexes) }, undefined, 1);
}

/** The server's own words are in the body of its answer. */
function failed(file: string, thrown: unknown): Error {
  const answer = (thrown as { data?: { status?: { error?: string } } }).data?.status?.error;
  return schemaFailed('qdrant', file, answer ?? messageOf(thrown), thrown);
}
