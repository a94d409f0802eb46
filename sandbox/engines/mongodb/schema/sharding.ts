import type { MongoClient } from 'mongodb';
import type { BackupManifest, BackupPart } from '../../contract/backup.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { writePart } from '../../shared/backup/backup-files.ts';
import { jsonShape, readJsonPart } from '../../shared/backup/json-part.ts';
import { elementsOf, orderedDocument, textOf } from '../backup/export/bson-bytes.ts';
import { withClient } from '../server/connection.ts';
import shardingSchema from './sharding.schema.json' with { type: 'json' };

/** Which collections are spread over shards, and by what. */
export const shardingFile = 'sharding.json';

/** A collection that is spread over shards. */
export interface ShardedCollection {
  /** `database.collection`. */
  readonly namespace: string;
  readonly unique: boolean;
  /** Fields of the shard key in their order, which counts: pairs, since a JSON object has none. */
  readonly key: readonly (readonly [string, 1 | -1 | 'hashed'])[];
}

const isSharding = jsonShape<readonly ShardedCollection[]>(shardingSchema);

/** From the catalogue of the cluster, `config.collections` (MongoDB documentation, "Config Database"). */
export async function writeSharding(running: RunningEngine, directory: string): Promise<BackupPart> {
  const sharded = await withClient(running, async (_, client) => {
    const found = await client.db('config').collection('collections').find({}, { raw: true }).toArray();
    return found
      .map((document) => shardedCollection(Buffer.from(document as unknown as Uint8Array)))
      .filter(({ namespace }) => namespace !== '' && !namespace.startsWith('config.'));
  });
  return writePart(directory, shardingFile, `${JSON.stringify(sharded, undefined, 1)}\n`);
}

export function readSharding(directory: string, manifest: BackupManifest): Promise<readonly ShardedCollection[]> {
  return readJsonPart(directory, manifest, shardingFile, isSharding);
}

/** Spreads collections that are there, with their data and the index that a shard key needs; the balancer moves it. */
export async function restoreSharding(client: MongoClient, sharded: readonly ShardedCollection[]): Promise<void> {
  const admin = client.db('admin');
  for (const { namespace, unique, key } of sharded) {
    await admin.command({ enableSharding: namespace.slice(0, namespace.indexOf('.')) });
    const command = { shardCollection: namespace, key: new Map(key), unique };
    await admin.command(command);
  }
}

function shardedCollection(document: Buffer): ShardedCollection {
  const elements = elementsOf(document);
  const isTrue = (field: string) => elements.some(({ name, value }) => name === field && value[0] === 1);
  // Where `unsplittable` is set the collection only has a place (MongoDB 8.0, `moveCollection`): it has no shard key.
  const key = isTrue('unsplittable') ? undefined : elements.find(({ name }) => name === 'key');
  const fields = key === undefined ? [] : [...orderedDocument(key.value)];
  const directions = fields.map(([field, direction]) => [field, directionOf(direction)] as const);
  return {
    namespace: directions.length === 0 ? '' : (textOf(document, '_id') ?? ''),
    unique: isTrue('unique'),
    key: directions,
  };
}

/** A number of any of BSON's types, or `hashed`. */
function directionOf(direction: unknown): 1 | -1 | 'hashed' {
  if (direction === 'hashed') return direction;
  return Number(direction) < 0 ? -1 : 1;
}
