import { randomUUID } from 'node:crypto';
import { canonicalText } from '../../contract/data/holdings.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import type { FoundCollection } from '../schema/schema-gaps.ts';
import { openClient } from '../server/connection.ts';
import { type PointVersions, pathOf, write } from './seed.ts';

/** Field of a collection's metadata that says which collection it is: one that a test has made anew under its name has none. */
const field = 'taishang_place';

/** What tells whether anything was written to a collection: each change of its points and indexes has the next number. */
export interface WriteMark {
  readonly collection: string;
  readonly operation: number;
  /** Of the points that were found to be right. Absent: each has to be looked at. */
  readonly right?: PointVersions | undefined;
}

interface Metadata {
  readonly [name: string]: unknown;
}

/** Marks a collection, which is this one, as it is now. */
export async function markCollection(
  running: RunningEngine,
  name: string,
  found: Collection,
  right?: WriteMark['right'],
): Promise<WriteMark> {
  const collection = randomUUID();
  await write(running, 'PATCH', pathOf(name), JSON.stringify({ metadata: { [field]: collection } }));
  return { collection, operation: await nextOperation(running, name, found), right };
}

/** Whether it is the collection that was marked: one that was made anew is another one. */
export function isMarked({ config }: Collection, mark: WriteMark | undefined): mark is WriteMark {
  return mark !== undefined && config.metadata?.[field] === mark.collection;
}

/**
 * The number of a change that changes nothing: it deletes a point that nobody has. All that came before is done then, on each
 * shard: these have numbers of their own, of which the highest is told (Qdrant 1.19, `collection/point_ops.rs`).
 */
export async function nextOperation(running: RunningEngine, name: string, found: Collection): Promise<number> {
  const id = randomUUID();
  // By its id it would be looked for on one shard alone.
  const body = JSON.stringify(hasOneShard(found) ? { points: [id] } : { filter: { must: [{ has_id: [id] }] } });
  const result = await write(running, 'POST', `${pathOf(name)}/points/delete?wait=true`, body);
  return (result as { readonly operation_id: number }).operation_id;
}

export function hasOneShard({ config: { params } }: Collection): boolean {
  return params.shard_number === undefined || params.shard_number === 1;
}

/** A collection as the server tells of it. */
export type Collection = FoundCollection & {
  readonly config: { readonly metadata?: Metadata; readonly strict_mode_config?: { readonly enabled?: boolean } };
};

export async function collectionOf(running: RunningEngine, name: string): Promise<Collection> {
  return (await openClient(running).getCollection(name)) as unknown as Collection;
}

/** Parameters, metadata and payload indexes of a collection, as a text; how many points an index covers is left out. */
export function descriptionOf({ config, payload_schema }: Collection): string {
  const { [field]: _, ...metadata } = config.metadata ?? {};
  const indexes = Object.entries(payload_schema).map(([path, index]) => [
    path,
    index?.data_type,
    index?.params ?? null,
  ]);
  return canonicalText({ config: { ...config, metadata }, indexes: indexes.map(canonicalText).toSorted() });
}
