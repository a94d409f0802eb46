import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import type { NodeHandle } from '../../../sandbox/containers/nodes/node-spec.ts';
import type { RunningEngine } from '../../../sandbox/engines/contract/topology.ts';
import { collectionOf, descriptionOf } from '../../../sandbox/engines/qdrant/isolation/collection-state.ts';
import { exactText, parseExactly } from '../../../sandbox/engines/qdrant/isolation/exact-json.ts';
import {
  differencesOf,
  markFilled,
  mendServer,
  type Template,
} from '../../../sandbox/engines/qdrant/isolation/mend-server.ts';
import { keepSeed, type PointId } from '../../../sandbox/engines/qdrant/isolation/seed.ts';
import { temporaryFolder } from '../support/backups.ts';

interface StoredPoint {
  readonly id: PointId;
  readonly vector: readonly number[];
  readonly payload: Readonly<Record<string, unknown>>;
}

/**
 * One collection, whose shards number their changes each for itself (Qdrant 1.19, `collection/point_ops.rs`). Points of an odd
 * id are on the last shard, all others on the first, those that nobody has in turn.
 */
interface Shards {
  readonly running: RunningEngine;
  readonly points: Map<PointId, StoredPoint & { readonly version: number }>;
  readonly put: (point: StoredPoint) => void;
  /** A change that was not waited for: it is done when its shard is asked for the next one that is. */
  readonly putLater: (point: StoredPoint) => void;
  /** Called before a request puts points. */
  readonly on: { put?: () => void };
  readonly operations: number[];
}

let server: Server | undefined;
afterEach(() => server?.close());

async function shardsOf(shardCount: number, ids: readonly PointId[] = [1, 2, 3]): Promise<Shards> {
  const operations = Array.from({ length: shardCount }, () => 100);
  const later: StoredPoint[] = [];
  const points: Shards['points'] = new Map();
  const on: Shards['on'] = {};
  let [metadata, turn] = [{}, 0];
  const shardOf = (id: PointId) => (typeof id === 'string' ? turn++ : Number(BigInt(id) % 2n)) % shardCount;
  const next = (shard: number) => {
    operations[shard] = (operations[shard] ?? 0) + 1;
    return operations[shard];
  };
  const put = (...given: readonly StoredPoint[]) => {
    // One change of each shard, however many of its points are in it.
    const versions = new Map([...new Set(given.map(({ id }) => shardOf(id)))].map((shard) => [shard, next(shard)]));
    for (const point of given) points.set(point.id, { ...point, version: versions.get(shardOf(point.id)) ?? 0 });
  };
  const applyLater = (shards: readonly number[]) => {
    for (const point of later.splice(0)) shards.includes(shardOf(point.id)) ? put(point) : later.push(point);
  };
  const answers: Record<string, (body: Record<string, unknown>, method: string) => unknown> = {
    '/locks': () => ({ write: false }),
    '/snapshots': () => [],
    '/aliases': () => ({ aliases: [] }),
    '/collections': () => ({ collections: [{ name: 'some' }] }),
    '/collections/some/snapshots': () => [],
    '/collections/some': (body, method) => {
      if (method === 'PATCH') metadata = { ...metadata, ...(body.metadata as object) };
      const params = { vectors: { size: 2, distance: 'Dot' }, shard_number: shardCount };
      return { config: { params, metadata }, payload_schema: {} };
    },
    '/collections/some/points/delete?wait=true': ({ points: gone }) => {
      const all = [...operations.keys()];
      const shards = Array.isArray(gone) ? [...new Set(gone.map(shardOf))] : all;
      applyLater(shards);
      for (const id of (gone ?? []) as readonly PointId[]) points.delete(id);
      return { operation_id: Math.max(...shards.map(next)) };
    },
    '/collections/some/points?wait=true': ({ points: given }) => {
      on.put?.();
      put(...(given as readonly StoredPoint[]));
      return {};
    },
    '/collections/some/points': ({ ids: asked }) => (asked as PointId[]).flatMap((id) => points.get(id) ?? []),
    '/collections/some/points/count': () => ({ count: points.size }),
    '/collections/some/points/query': () => ({
      points: [...points.values()].map(({ id, version }) => ({ id, version, score: 0 })),
    }),
    '/collections/some/points/scroll': () => ({ points: [...points.values()] }),
  };
  server = createServer(async (request, response) => {
    const text = await new Response(request as unknown as ReadableStream).text();
    const body = text === '' ? {} : (parseExactly(text) as Record<string, unknown>);
    const result = answers[request.url ?? '']?.(body, request.method ?? '');
    response.writeHead(result === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(exactText({ result, status: 'ok', time: 0 }));
  });
  await new Promise<void>((listening) => server?.listen(0, '127.0.0.1', listening));
  const node = { host: '127.0.0.1', port: (server.address() as AddressInfo).port } as NodeHandle;
  for (const id of ids) put({ id, vector: [1, 0], payload: {} });
  const running = { nodes: [node], secrets: {} } as unknown as RunningEngine;
  return { running, points, put, putLater: (point) => later.push(point), on, operations };
}

/** A server as a test is given it. */
async function filledServer(shards: Shards) {
  const folder = await temporaryFolder();
  const seed = await keepSeed(shards.running, 'some', folder.path, 0);
  const descriptions = new Map([['some', descriptionOf(await collectionOf(shards.running, 'some'))]]);
  const filled = { descriptions, seeds: new Map([['some', seed]]), [Symbol.asyncDispose]: async () => {} };
  const snapshots = { collections: [{ name: 'some', file: '' }], aliases: [] };
  const template = { snapshots, filled } as unknown as Template;
  const place = { running: shards.running, marks: await markFilled(shards.running, filled) };
  return {
    mend: () => mendServer(place, template),
    differences: () => differencesOf(shards.running, template),
    async [Symbol.asyncDispose]() {
      await seed[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

const changed = (id: PointId): StoredPoint => ({ id, vector: [1, 0], payload: { changed: true } });

test.for([1, 2])('what a test wrote to one shard of %i is put right, whichever shard is asked', async (shardCount) => {
  const shards = await shardsOf(shardCount);
  await using place = await filledServer(shards);
  for (const id of [1, 2, 3, 2, 1, 2, 3]) {
    shards.put(changed(id));
    await place.mend();
    expect(await place.differences()).toEqual([]);
  }
});

test.for([1, 2])(
  'so is what a test of %i shards did not wait for, in a collection that it made anew',
  async (count) => {
    const shards = await shardsOf(count);
    await using place = await filledServer(shards);
    const path = `http://127.0.0.1:${shards.running.nodes[0]?.port}/collections/some`;
    await fetch(path, { method: 'PATCH', body: '{"metadata":{"taishang_place":"another one"}}' });
    for (const id of [1, 2]) shards.putLater(changed(id));
    await place.mend();
    expect(await place.differences()).toEqual([]);
  },
);

test('a server that somebody still writes to is none for the next test', async () => {
  const shards = await shardsOf(1);
  await using place = await filledServer(shards);
  shards.put(changed(1));
  shards.on.put = () => shards.put(changed(2));
  await expect(place.mend()).rejects.toThrow('somebody still writes to some');
});

test('versions of a snapshot that has fewer changes tell nothing', async () => {
  const shards = await shardsOf(1);
  await using place = await filledServer(shards);
  const version = shards.points.get(2)?.version ?? 0;
  shards.points.set(2, { ...changed(2), version });
  shards.operations[0] = version;
  await place.mend();
  expect(await place.differences()).toEqual([]);
});

test('integers of 64 bits stay what they are, as ids and in payloads', async () => {
  const [id, other] = [9_007_199_254_740_993n, 9_007_199_254_740_994n];
  const shards = await shardsOf(1, [id, 9_007_199_254_740_995n]);
  shards.put({ id: 7, vector: [1, 0], payload: { author: id } });
  await using place = await filledServer(shards);
  shards.put({ id: 7, vector: [1, 0], payload: { author: other } });
  shards.put(changed(id));
  shards.put(changed(other));
  expect(await place.differences()).toEqual(['some: points more: 1', 'some: points different: 2']);
  await place.mend();
  expect(await place.differences()).toEqual([]);
  expect(shards.points.get(7)?.payload).toEqual({ author: id });
  expect([...shards.points.keys()].toSorted()).toEqual([7, id, 9_007_199_254_740_995n]);
});
