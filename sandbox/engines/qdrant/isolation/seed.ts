import { hash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { canonicalText } from '../../contract/data/holdings.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { request } from '../server/connection.ts';
import { exactText, parseExactly } from './exact-json.ts';

/** A `bigint` beyond 2^53. */
export type PointId = string | number | bigint;

/** The number of the change that wrote a point last, by the point's id. */
export type PointVersions = ReadonlyMap<PointId, number>;

interface Point {
  readonly id: PointId;
  readonly payload?: object | null;
  readonly vector?: unknown;
}

/** A point of the seed, and where in the file of its collection it lies. */
interface SeedPoint {
  readonly digest: string;
  readonly offset: number;
  readonly sizeBytes: number;
}

/** Points of a collection as they are to be: digests in memory, some 200 bytes each, and the points in a file. */
export interface Seed extends AsyncDisposable {
  readonly points: ReadonlyMap<PointId, SeedPoint>;
  /** Points as JSON, in the form that an upsert takes. */
  readonly read: (ids: readonly PointId[]) => Promise<readonly string[]>;
}

/** Points with their vectors that are asked for at once: 768 numbers are some 8 KB of JSON. */
const pointsAtOnce = 250;

/** Reads all points of a collection, and keeps them in a file of this folder. */
export async function keepSeed(running: RunningEngine, name: string, folder: string, index: number): Promise<Seed> {
  const file = await open(join(folder, `points-${index}.jsonl`), 'w+');
  const points = new Map<PointId, SeedPoint>();
  let offset = 0;
  for await (const page of pages(running, name)) {
    const lines = page.map(({ id, vector, payload }) => Buffer.from(exactText({ id, vector, payload: payload ?? {} })));
    await file.write(Buffer.concat(lines), 0, undefined, offset);
    for (const [at, point] of page.entries()) {
      const sizeBytes = lines[at]?.length ?? 0;
      points.set(point.id, { digest: digestOf(point), offset, sizeBytes });
      offset += sizeBytes;
    }
  }
  return {
    points,
    read: (ids) => Promise.all(ids.map((id) => readPoint(file, points.get(id)))),
    [Symbol.asyncDispose]: () => file.close(),
  };
}

async function readPoint(file: FileHandle, point: SeedPoint | undefined): Promise<string> {
  if (point === undefined) throw new Error('the seed has no such point');
  const { buffer } = await file.read(Buffer.alloc(point.sizeBytes), 0, point.sizeBytes, point.offset);
  return buffer.toString('utf8');
}

/** How the points of a collection differ from its seed, by their ids. */
export interface PointDifference {
  readonly added: readonly PointId[];
  readonly changed: readonly PointId[];
  readonly removed: readonly PointId[];
}

export async function pointDifference(running: RunningEngine, name: string, seed: Seed): Promise<PointDifference> {
  const found = new Map<PointId, string>();
  for await (const page of pages(running, name)) for (const point of page) found.set(point.id, digestOf(point));
  const added = [...found.keys()].filter((id) => !seed.points.has(id));
  const changed = [...found].flatMap(([id, digest]) => {
    const wanted = seed.points.get(id);
    return wanted === undefined || wanted.digest === digest ? [] : [id];
  });
  return { added, changed, removed: [...seed.points.keys()].filter((id) => !found.has(id)) };
}

/** An upsert writes a point anew, payload included. Returns how many changes it took. */
export async function mendPoints(
  running: RunningEngine,
  name: string,
  seed: Seed,
  { added, changed, removed }: PointDifference,
): Promise<number> {
  let changes = 0;
  for (const points of pagesOf(added)) {
    await write(running, 'POST', `${pathOf(name)}/points/delete?wait=true`, exactText({ points }));
    changes += 1;
  }
  for (const ids of pagesOf([...changed, ...removed])) {
    const points = await seed.read(ids);
    await write(running, 'PUT', `${pathOf(name)}/points?wait=true`, `{"points":[${points.join(',')}]}`);
    changes += 1;
  }
  return changes;
}

function* pagesOf(ids: readonly PointId[]): Generator<readonly PointId[]> {
  for (let first = 0; first < ids.length; first += pointsAtOnce) yield ids.slice(first, first + pointsAtOnce);
}

/** Sends a request, and returns the result that the server tells. */
export async function write(
  running: RunningEngine,
  method: 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  body?: string,
): Promise<unknown> {
  const sent = body === undefined ? {} : { body, contentType: 'application/json' };
  const answer = await request(running, path, { method, ...sent });
  return (parseExactly(await answer.text()) as { readonly result?: unknown }).result;
}

export function pathOf(name: string): string {
  return `/collections/${encodeURIComponent(name)}`;
}

interface Page {
  readonly points: readonly Point[];
  readonly next_page_offset?: PointId | null;
}

async function* pages(running: RunningEngine, name: string): AsyncGenerator<readonly Point[]> {
  let offset: Page['next_page_offset'];
  do {
    const body = { limit: pointsAtOnce, with_payload: true, with_vector: true, ...(offset == null ? {} : { offset }) };
    const page = (await write(running, 'POST', `${pathOf(name)}/points/scroll`, exactText(body))) as Page;
    yield page.points;
    offset = page.next_page_offset;
  } while (offset != null);
}

/** Those of these points that are there. */
export async function* readPoints(
  running: RunningEngine,
  name: string,
  ids: readonly PointId[],
): AsyncGenerator<Point> {
  for (const page of pagesOf(ids)) {
    const body = exactText({ ids: page, with_payload: true, with_vector: true });
    yield* (await write(running, 'POST', `${pathOf(name)}/points`, body)) as readonly Point[];
  }
}

export function samePoint({ points }: Seed, point: Point): boolean {
  return points.get(point.id)?.digest === digestOf(point);
}

function digestOf({ payload, vector }: Point): string {
  // Numbers as the server wrote them; several vectors have names, whose order means nothing.
  const numbers = Array.isArray(vector) ? exactText(vector) : canonicalText(vector);
  return hash('sha1', `${canonicalText(payload ?? {})} ${numbers}`, 'binary');
}
