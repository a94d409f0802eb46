import { join } from 'node:path';
import type { QdrantClient } from '@qdrant/js-client-rest';
import { messageOf } from '../../../core/errors.ts';
import { nameOfGap, type SchemaGap } from '../../contract/schema/schema-gap.ts';
import type { SchemaOptions, SchemaReport } from '../../contract/schema.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { schemaDifferent, schemaFailed } from '../../shared/load/schema-errors.ts';
import { loadRecords } from '../data/load-records.ts';
import { openClient } from '../server/connection.ts';
import { type CollectionSchema, collectionNames, readCollectionSchema, schemaDirectory } from './collections.ts';
import { type FoundCollection, gapsOfCollection, serverDefaults } from './schema-gaps.ts';

/**
 * Creates the collections and their payload indexes, side by side.
 * Throws `SCHEMA_DIFFERENT` where a collection has other vectors and `reset` is false (with it the collection is dropped
 * and made anew), and `SCHEMA_FAILED` with the file and the server's message.
 * `directory` holds the files; default: the platform's own.
 */
export async function applySchema(
  running: RunningEngine,
  { reset, keep = false, directory = schemaDirectory }: SchemaOptions,
): Promise<SchemaReport> {
  const client = openClient(running);
  const applied = await Promise.all(
    collectionNames.map(async (name) => {
      const file = join(directory, `${name}.json`);
      const wanted = await readCollectionSchema(name, directory).catch((thrown) => {
        throw failed(file, thrown);
      });
      return applyCollection(client, name, wanted, { reset, keep, file });
    }),
  );
  const untouched = applied.filter((names) => names.length === 0).length;
  return { applied: applied.flat(), alreadyPresent: untouched };
}

/** Points go now: whatever happens next, nobody may take the dataset for loaded. */
async function forgetLoad(client: QdrantClient): Promise<void> {
  await loadRecords(client)
    .forget()
    // The collection that has the record is gone, and the record with it.
    .catch((thrown: { readonly status?: number }) => {
      if (thrown.status !== 404) throw thrown;
    });
}

/** Returns the names of what was made, or made the same again. */
async function applyCollection(
  client: QdrantClient,
  name: string,
  wanted: CollectionSchema,
  { reset, keep, file }: { readonly reset: boolean; readonly keep: boolean; readonly file: string },
): Promise<readonly string[]> {
  const there = await collectionOf(client, name);
  const gaps = gapsOfCollection(name, wanted, there);
  const ofKind = (kind: string) => gaps.find((gap) => gap.kind === kind);
  const isDifferent = there !== undefined && ofKind('collection') !== undefined;
  if (isDifferent && !reset) {
    const texts = { file, there: asText(formOf(there)), wanted: asText(wanted) };
    throw schemaDifferent('qdrant', `The collection ${name}`, texts);
  }
  if (gaps.length === 0 || (keep && !reset)) return [];
  try {
    if (isDifferent) {
      await forgetLoad(client);
      await client.deleteCollection(name);
    }
    if (there === undefined || isDifferent) await client.createCollection(name, { vectors: wanted.vectors });
    else if (reset && ofKind('vector index') !== undefined) await client.updateCollection(name, serverDefaults);
    await makeIndexes(client, name, { wanted, gaps, reset, isNew: there === undefined || isDifferent });
    return gaps.map(nameOfGap);
  } catch (thrown) {
    throw failed(file, thrown);
  }
}

interface Indexes {
  readonly wanted: CollectionSchema;
  readonly gaps: readonly SchemaGap[];
  readonly reset: boolean;
  /** Whether the collection was just made. */
  readonly isNew: boolean;
}

async function makeIndexes(client: QdrantClient, name: string, { wanted, gaps, reset, isNew }: Indexes): Promise<void> {
  await Promise.all(
    Object.entries(wanted.payload_indexes).map(async ([field, type]) => {
      const gap = gaps.find((each) => each.kind === 'payload index' && each.name === field);
      if (!isNew && (gap === undefined || (gap.what === 'different' && !reset))) return;
      if (!isNew && gap?.what === 'different') await client.deletePayloadIndex(name, field, { wait: true });
      await client.createPayloadIndex(name, { field_name: field, field_schema: type, wait: true });
    }),
  );
}

async function collectionOf(client: QdrantClient, name: string): Promise<FoundCollection | undefined> {
  if (!(await client.collectionExists(name)).exists) return undefined;
  return (await client.getCollection(name)) as unknown as FoundCollection;
}

/** What a collection is, in the form of a schema file; `undefined` where there is none. */
export async function schemaOf(client: QdrantClient, name: string): Promise<CollectionSchema | undefined> {
  const found = await collectionOf(client, name);
  return found === undefined ? undefined : formOf(found);
}

function formOf({ config, payload_schema }: FoundCollection): CollectionSchema {
  const { size, distance } = config.params.vectors as unknown as CollectionSchema['vectors'];
  const indexes = Object.entries(payload_schema).map(([field, index]) => [field, index?.data_type] as const);
  return {
    vectors: { size, distance },
    payload_indexes: Object.fromEntries(indexes) as CollectionSchema['payload_indexes'],
  };
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
