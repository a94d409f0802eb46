import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import type { NodeHandle } from '../../../sandbox/containers/nodes/node-spec.ts';
import type { RunningEngine } from '../../../sandbox/engines/contract/topology.ts';
import type { Collection } from '../../../sandbox/engines/qdrant/isolation/collection-state.ts';
import {
  differenceByVersion,
  readVersions,
  rightVersions,
} from '../../../sandbox/engines/qdrant/isolation/point-versions.ts';
import { keepSeed } from '../../../sandbox/engines/qdrant/isolation/seed.ts';
import { temporaryFolder } from '../support/backups.ts';

/**
 * Points, some without a vector, and what of them was read. It answers as the server does (Qdrant 1.20): that a change gives a
 * point another version shows on the vendor's engine, in `isolation-of-documents.test.ts`.
 */
interface Answering {
  readonly running: RunningEngine;
  readonly points: Map<number, { version: number; vector?: readonly number[]; payload: object }>;
  readonly readIds: number[];
}

let server: Server | undefined;
afterEach(() => server?.close());

async function answering(): Promise<Answering> {
  const points: Answering['points'] = new Map(
    [1, 2, 3].map((id) => [id, { version: id, vector: [id, 0], payload: {} }]),
  );
  const readIds: number[] = [];
  const answers: Record<string, (body: { readonly ids?: readonly number[] }) => unknown> = {
    count: () => ({ count: points.size }),
    query: () => ({
      points: [...points].flatMap(([id, { version, vector }]) =>
        vector === undefined ? [] : [{ id, version, score: 0 }],
      ),
    }),
    scroll: () => ({ points: [...points].map(([id, { vector, payload }]) => ({ id, vector, payload })) }),
    points: ({ ids = [] }) => {
      readIds.push(...ids);
      return ids.flatMap((id) => (points.has(id) ? [{ id, ...points.get(id) }] : []));
    },
  };
  server = createServer(async (request, response) => {
    const body = (await new Response(request as unknown as ReadableStream).json()) as {
      readonly ids?: readonly number[];
    };
    const what = request.url?.split('/').at(-1) ?? '';
    response.end(JSON.stringify({ result: answers[what]?.(body) }));
  });
  await new Promise<void>((listening) => server?.listen(0, '127.0.0.1', listening));
  const node = { host: '127.0.0.1', port: (server.address() as AddressInfo).port } as NodeHandle;
  return { running: { nodes: [node], secrets: {} } as unknown as RunningEngine, points, readIds };
}

const ofVectors = (vectors: object, more: object = {}) =>
  ({ config: { params: { vectors }, ...more }, payload_schema: {} }) as Collection;
const plain = ofVectors({ size: 2, distance: 'Dot' });

test('only points of another version are read, and those that hold the same are none that changed', async () => {
  const { running, points, readIds } = await answering();
  await using folder = await temporaryFolder();
  await using seed = await keepSeed(running, 'some', folder.path, 0);
  const right = rightVersions(seed, (await readVersions(running, 'some', plain)) ?? new Map());
  points.set(2, { version: 8, vector: [2, 0], payload: { more: true } });
  points.set(3, { version: 9, vector: [3, 0], payload: {} });
  points.set(4, { version: 10, vector: [4, 0], payload: {} });
  points.delete(1);
  const found = (await readVersions(running, 'some', plain)) ?? new Map();
  const difference = await differenceByVersion(running, 'some', seed, { right, found });
  expect(difference).toEqual({ added: [4], changed: [2], removed: [1] });
  expect(readIds).toEqual([2, 3]);
  // What is put right has yet another version then.
  expect([...rightVersions(seed, found, difference.changed)]).toEqual([[3, 9]]);
});

test('a point that no search finds leaves no versions to go by', async () => {
  const { running, points } = await answering();
  points.set(4, { version: 10, payload: {} });
  expect(await readVersions(running, 'some', plain)).toBeUndefined();
});

test.for([
  { what: 'vectors with names', collection: ofVectors({ image: { size: 2, distance: 'Dot' } }) },
  {
    what: 'several vectors to a point',
    collection: ofVectors({ size: 2, multivector_config: { comparator: 'max_sim' } }),
  },
  { what: 'limits for searches', collection: ofVectors({ size: 2 }, { strict_mode_config: { enabled: true } }) },
])('a collection with $what has no versions to go by', async ({ collection }) => {
  const { running } = await answering();
  expect(await readVersions(running, 'some', collection)).toBeUndefined();
});
