import type { Tally } from './findings.ts';
import { doneAt, never, outcomeOf, type PairedOperation } from './operations.ts';

/** Beginning and end of an operation, as positions in the history. */
export interface Span {
  readonly invokedAt: number;
  /** `never`, unless it was acknowledged. */
  readonly doneAt: number;
}

/** The write that put a value there, and whoever found it. */
export interface Cluster {
  readonly value: number | null;
  readonly write: Span;
  /** The value that a compare-and-set replaced to write this one. Absent: a plain write, or the first value. */
  readonly from?: number | null;
  readonly reads: Span[];
}

export type Clusters = ReadonlyMap<number | null, Cluster>;

/** Before every position of a history: when a register's first value was written. */
const beforeAll = -1;

/**
 * The values of one register. Writes without an answer whose value nobody found are left out, and so are refused ones.
 * Reports values that were found but never written. Returns nothing, and leaves the question open, if values repeat.
 */
export function clustersOf(key: string, operations: readonly PairedOperation[], tally: Tally): Clusters | undefined {
  const writes = writesOf(operations);
  if ('repeated' in writes) {
    tally.leaveOpen(`key ${key}: ${writes.repeated} was written twice, so its reads do not tell which write they show`);
    return undefined;
  }
  const { clusters } = writes;
  for (const operation of operations) {
    const { invoke, completion } = operation;
    if (completion?.operation !== 'read-register' || completion.type !== 'ok') continue;
    const value = completion.value ?? null;
    const cluster = clusters.get(value);
    if (cluster === undefined) tally.add('unexpected', () => `${key}: event ${completion.index} reads ${value}`);
    else cluster.reads.push({ invokedAt: invoke.index, doneAt: completion.index });
  }
  return withoutUnseen(key, clusters, tally);
}

function writesOf(
  operations: readonly PairedOperation[],
): { readonly clusters: Map<number | null, Cluster> } | { readonly repeated: number } {
  const clusters = new Map<number | null, Cluster>();
  clusters.set(null, { value: null, write: { invokedAt: beforeAll, doneAt: beforeAll }, reads: [] });
  for (const operation of operations) {
    const { invoke } = operation;
    if ((invoke.operation !== 'write' && invoke.operation !== 'cas') || outcomeOf(operation) === 'fail') continue;
    const write = { invokedAt: invoke.index, doneAt: doneAt(operation) };
    const value = invoke.operation === 'write' ? invoke.value : invoke.to;
    const from = invoke.operation === 'cas' ? { from: invoke.from } : {};
    if (clusters.has(value) || from.from === value) return { repeated: value };
    clusters.set(value, { value, write, reads: [], ...from });
  }
  return { clusters };
}

/** A value was seen if it was read or acknowledged, or if a compare-and-set whose value was seen replaced it. */
function withoutUnseen(key: string, clusters: Clusters, tally: Tally): Clusters {
  const seen = new Map<number | null, Cluster>();
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
