import type { Tally } from '../../checkers/findings.ts';
import { doneAt, never, outcomeOf, type PairedOperation } from '../../checkers/operations.ts';

/** Beginning and end of an operation, as positions in the history. */
export interface Span {
  readonly invokedAt: number;
  /** `never`, unless it was acknowledged. */
  readonly doneAt: number;
}

/** What a register holds. Of a value that was written more than once, each write has a name of its own: a text. */
export type Held = number | string | null;

/** The write that put a value there, and whoever found it. */
export interface Cluster {
  readonly value: Held;
  readonly write: Span;
  /** The value that a compare-and-set replaced to write this one. Absent: a plain write, or the first value. */
  readonly from?: Held;
  readonly reads: Span[];
}

export type Clusters = ReadonlyMap<Held, Cluster>;

/** Before every position of a history: when a register's first value was written. */
const beforeAll = -1;

/**
 * The values of one register. Writes without an answer whose value nobody found are left out, and so are refused ones.
 * Reports values that were found but never written. A value that was written more than once leaves the question open:
 * what found it says nothing, but its acknowledged writes happened, and everything else of the key is judged.
 */
export function clustersOf(key: string, operations: readonly PairedOperation[], tally: Tally): Clusters {
  const writes = operations.filter(isWrite);
  const repeated = repeatedIn(writes);
  for (const value of repeated.keys()) {
    tally.leaveOpen(`key ${key}: ${value} was written twice, so its reads do not tell which write they show`);
  }
  const clusters = writtenOf(writes, repeated);
  for (const { invoke, completion } of operations) {
    if (completion?.operation !== 'read-register' || completion.type !== 'ok') continue;
    const value = completion.value ?? null;
    const firstInvokedAt = repeated.get(value);
    const cluster = clusters.get(value);
    if (firstInvokedAt === undefined && cluster !== undefined) {
      cluster.reads.push({ invokedAt: invoke.index, doneAt: completion.index });
    } else if ((firstInvokedAt ?? never) > completion.index) {
      tally.add('unexpected', () => `${key}: event ${completion.index} reads ${value}`);
    }
  }
  return withoutUnseen(key, clusters, tally);
}

function isWrite(operation: PairedOperation): boolean {
  const { operation: name } = operation.invoke;
  return (name === 'write' || name === 'cas') && outcomeOf(operation) !== 'fail';
}

/** What a write puts there, and what it needs to find. */
function valuesOf({ invoke }: PairedOperation): { readonly value: number | null; readonly from?: number | null } {
  if (invoke.operation === 'cas') return { value: invoke.to, from: invoke.from };
  return { value: invoke.operation === 'write' ? invoke.value : null };
}

/** Values that do not name their write, with where the first write of each began. */
function repeatedIn(writes: readonly PairedOperation[]): ReadonlyMap<number | null, number> {
  const firstInvokedAt = new Map<number | null, number>();
  const repeated = new Map<number | null, number>();
  for (const write of writes) {
    const { value, from } = valuesOf(write);
    const first = firstInvokedAt.get(value) ?? write.invoke.index;
    if (firstInvokedAt.has(value) || from === value) repeated.set(value, first);
    firstInvokedAt.set(value, first);
  }
  return repeated;
}

/** A compare-and-set that found a repeated value is a write like any other: which one it found is not known. */
function writtenOf(
  writes: readonly PairedOperation[],
  repeated: ReadonlyMap<number | null, number>,
): Map<Held, Cluster> {
  const clusters = new Map<Held, Cluster>();
  clusters.set(null, { value: null, write: { invokedAt: beforeAll, doneAt: beforeAll }, reads: [] });
  for (const operation of writes) {
    const { value: written, from } = valuesOf(operation);
    const { index } = operation.invoke;
    const value = repeated.has(written) ? `${written} (event ${index})` : written;
    const write = { invokedAt: index, doneAt: doneAt(operation) };
    const found = from === undefined || repeated.has(from) ? {} : { from };
    clusters.set(value, { value, write, reads: [], ...found });
  }
  return clusters;
}

/** A value was seen if it was read or acknowledged, or if a compare-and-set whose value was seen replaced it. */
function withoutUnseen(key: string, clusters: Clusters, tally: Tally): Clusters {
  const seen = new Map<Held, Cluster>();
  const open = [...clusters.values()].filter(({ write, reads }) => write.doneAt !== never || reads.length > 0);
  for (let cluster = open.pop(); cluster !== undefined; cluster = open.pop()) {
    const { value, from } = cluster;
    if (seen.has(value)) continue;
    seen.set(value, cluster);
    if (from === undefined) continue;
    const replaced = clusters.get(from);
    if (replaced !== undefined) open.push(replaced);
    else tally.add('unexpected', () => `${key}: a compare-and-set to ${value} found ${from}`);
  }
  return seen;
}
