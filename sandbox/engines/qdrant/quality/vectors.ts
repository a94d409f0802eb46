import { setImmediate as otherWork } from 'node:timers/promises';
import { withoutUndefined } from '../../../core/without-undefined.ts';
import { requireInTime } from '../../contract/quality.ts';
import { isExternal, type ReachableEngine } from '../../contract/topology.ts';
import type { ScrolledPoint } from '../schema/collections.ts';
import { request } from '../server/connection.ts';
import { type VectorFault as Fault, inSeconds } from './questions.ts';

/**
 * Ids of the points with a fault. The vectors are read once for all faults that are asked for side by side or later, for as
 * long as the last of their deadlines has not passed; then it throws.
 */
export type VectorScan = (fault: Fault, deadlineAtMs: number) => Promise<readonly string[]>;

/** How far a length may be from 1: float32 of 768 numbers is off by less than 1e-5. */
const lengthTolerance = 1e-3;

/** Vectors of a page: 768 numbers of JSON are 10 kB. */
const pageSize = 250;

export function createVectorScan(running: ReachableEngine, name: string): VectorScan {
  let scanned: Promise<Readonly<Record<Fault, readonly string[]>>> | undefined;
  let lastDeadlineAtMs = 0;
  return async (fault, deadlineAtMs) => {
    lastDeadlineAtMs = Math.max(lastDeadlineAtMs, deadlineAtMs);
    scanned ??= scan(running, name, () => lastDeadlineAtMs);
    return (await scanned)[fault];
  };
}

async function scan(running: ReachableEngine, name: string, deadlineAtMs: () => number) {
  const found: Record<Fault, string[]> = { 'not finite': [], 'not of unit length': [], 'of another dimension': [] };
  const ask = await askerOf(running, `/collections/${encodeURIComponent(name)}`, deadlineAtMs);
  const { config } = (await ask('')) as { readonly config: { readonly params: { readonly vectors?: Described } } };
  const vectors = config.params.vectors ?? {};
  let offset: string | number | undefined;
  do {
    requireInTime(deadlineAtMs());
    const wanted = { limit: pageSize, with_payload: false, with_vector: true, ...withoutUndefined({ offset }) };
    const page = (await ask('/points/scroll', wanted)) as Page;
    for (const { id, vector } of page.points) {
      const fault = faultOfPoint(vector, vectors);
      if (fault !== undefined) found[fault].push(String(id));
    }
    offset = page.next_page_offset ?? undefined;
    // Other checks go on between two pages.
    await otherWork();
  } while (offset !== undefined);
  return found;
}

/** A vector, or several that are one: a multivector. */
type Numbers = readonly (number | null)[] | readonly (readonly (number | null)[])[];

/** What a collection says of its vectors: of the one that has no name, or of each by its name. */
type Described = { readonly size?: number } | Readonly<Record<string, { readonly size?: number }>>;

/** The first fault of any vector of a point. Of those that have names a point may lack some. */
export function faultOfPoint(
  vector: Numbers | Readonly<Record<string, Numbers>> | null | undefined,
  described: Described,
): Fault | undefined {
  if ('size' in described && typeof described.size === 'number') {
    return faultOf(Array.isArray(vector) ? vector : [], described.size);
  }
  const named = (vector ?? {}) as Readonly<Record<string, Numbers>>;
  return Object.entries(described as Readonly<Record<string, { readonly size?: number }>>)
    .map(([name, { size }]) => (named[name] === undefined ? undefined : faultOf(named[name], size)))
    .find((fault) => fault !== undefined);
}

interface Page {
  readonly points: readonly (Omit<ScrolledPoint, 'vector'> & {
    readonly vector?: Parameters<typeof faultOfPoint>[0];
  })[];
  readonly next_page_offset?: string | number | null;
}

/**
 * Requests to a peer that answers. Not by the driver: it looks at every number of a vector a second time, for integers beyond
 * 2^53, and takes 15 times as long over the text (a page of 250: 55 ms of processor, and 3 ms without).
 */
async function askerOf(running: ReachableEngine, path: string, deadlineAtMs: () => number) {
  const nodes = isExternal(running) ? [undefined] : running.nodes;
  const timeoutMs = () => Math.ceil(Math.max(1, deadlineAtMs() - performance.now()));
  const inTime = (node: (typeof nodes)[number]) => ({ timeoutMs: timeoutMs(), ...withoutUndefined({ node }) });
  const answering = nodes.map((node) => request(running, path, inTime(node)).then(() => node));
  const node = await Promise.any(answering);
  return async (below: string, body?: object): Promise<unknown> => {
    // Of integers beyond 2^53, which ids may be, a text keeps all digits; the server takes them as numbers alone.
    const bodyText = JSON.stringify(body)?.replace(/"offset":"(\d+)"/, '"offset":$1');
    const post = body && { method: 'POST', contentType: 'application/json', ...withoutUndefined({ body: bodyText }) };
    // The server gives up after a minute, unless it is told otherwise.
    const until = body === undefined ? '' : `?timeout=${inSeconds(timeoutMs())}`;
    const response = await request(running, `${path}${below}${until}`, { ...inTime(node), ...post });
    const text = (await response.text()).replaceAll(/("id"|"next_page_offset"):\s*(\d{16,})/g, '$1:"$2"');
    return (JSON.parse(text) as { readonly result: unknown }).result;
  };
}

/** The first thing that is wrong with any of several vectors. */
function faultOf(vector: Numbers, size: number | undefined): Fault | undefined {
  const isSeveral = (some: Numbers): some is readonly (readonly (number | null)[])[] => Array.isArray(some[0]);
  const all = isSeveral(vector) ? vector : [vector as readonly (number | null)[]];
  return all.map((each) => faultOfOne(each, size)).find((fault) => fault !== undefined);
}

/** The first thing that is wrong: a vector that is not finite has no length. */
function faultOfOne(vector: readonly (number | null)[], size: number | undefined): Fault | undefined {
  if (size !== undefined && vector.length !== size) return 'of another dimension';
  let square = 0;
  for (const value of vector) {
    // JSON has no other way to write a number that is not finite.
    if (value === null || !Number.isFinite(value)) return 'not finite';
    square += value * value;
  }
  return Math.abs(Math.sqrt(square) - 1) > lengthTolerance ? 'not of unit length' : undefined;
}
