import type { Tally } from '../../checkers/findings.ts';
import { never } from '../../checkers/operations.ts';
import type { Cluster, Clusters, Held, Span } from './clusters.ts';

/** Values that followed each other without any other write in between: a write, and the compare-and-sets upon it. */
export interface Block {
  /** For people: `7`, or `7 to 9`. */
  readonly name: string;
  /** Where the first of its operations was over. */
  readonly firstDoneAt: number;
  /** Where the last of its operations began. */
  readonly lastInvokedAt: number;
  /** Whether one of its writes was acknowledged: whether anybody was promised it. */
  readonly acknowledged: boolean;
}

/** Joins the values of one register into blocks, and reports what cannot be within them. */
export function blocksOf(
  key: string,
  clusters: Clusters,
  timeMsAt: (at: number) => number,
  tally: Tally,
): readonly Block[] {
  const nextOf = new Map<Held, Cluster>();
  const beginnings: Cluster[] = [];
  let joined = 0;
  for (const cluster of clusters.values()) {
    const { from, value } = cluster;
    if (from === undefined || !clusters.has(from)) {
      beginnings.push(cluster);
      continue;
    }
    const other = nextOf.get(from);
    if (other === undefined) nextOf.set(from, cluster);
    else {
      beginnings.push(cluster);
      tally.add('forked', () => `${key}: the compare-and-sets to ${other.value} and to ${value} both found ${from}`);
    }
  }
  const blocks = beginnings.map((first) => {
    const parts: Cluster[] = [];
    for (let part: Cluster | undefined = first; part !== undefined; part = nextOf.get(part.value)) parts.push(part);
    joined += parts.length;
    checkWithin(key, parts, timeMsAt, tally);
    return blockOf(parts);
  });
  // What no block begins with goes round in a circle.
  if (joined < clusters.size) {
    const left = clusters.size - joined;
    tally.add('reordered', () => `${key}: ${left} compare-and-sets each found the value that another of them wrote`);
  }
  return blocks;
}

function blockOf(parts: readonly Cluster[]): Block {
  let firstDoneAt = Number.POSITIVE_INFINITY;
  let lastInvokedAt = -1;
  const include = (span: Span) => {
    firstDoneAt = Math.min(firstDoneAt, span.doneAt);
    lastInvokedAt = Math.max(lastInvokedAt, span.invokedAt);
  };
  for (const { write, reads } of parts) {
    include(write);
    reads.forEach(include);
  }
  const [first, last] = [parts[0]?.value, parts.at(-1)?.value];
  const acknowledged = parts.some(({ write }) => write.doneAt !== never);
  return { name: first === last ? `${first}` : `${first} to ${last}`, firstDoneAt, lastInvokedAt, acknowledged };
}

/**
 * Within a block the order is given: each write, and then whoever read it. None may be over before one before it began.
 * A value that is not seen again after an older one was found is lost, or was seen by some and promised to nobody;
 * otherwise the older one was out of date.
 */
function checkWithin(key: string, parts: readonly Cluster[], timeMsAt: (at: number) => number, tally: Tally): void {
  const lastInvokedFrom = lastInvokedFromEach(parts);
  let latestWriteAt = -1;
  let latestReadAt = -1;
  for (const [position, { value, write, reads }] of parts.entries()) {
    const check = ({ doneAt }: Span, what: string) => {
      const seen = () =>
        `${key}: event ${latestReadAt} begins after ${what} ${value}, and finds a value from before it`;
      if (doneAt < latestWriteAt) {
        tally.add('unexpected', () => `${key}: ${what} ${value} was over before a write that it builds on began`);
      } else if (doneAt < latestReadAt) {
        const isGone = (lastInvokedFrom[position] ?? -1) < latestReadAt;
        if (isGone) tally.add(write.doneAt === never ? 'diverged' : 'lost', seen);
        else tally.addStale(timeMsAt(latestReadAt) - timeMsAt(doneAt), seen);
      }
    };
    check(write, 'the write of');
    latestWriteAt = Math.max(latestWriteAt, write.invokedAt);
    for (const read of reads) check(read, 'a read of');
    for (const { invokedAt } of reads) latestReadAt = Math.max(latestReadAt, invokedAt);
  }
}

/** For each part, where the last operation of it and of those after it began. */
function lastInvokedFromEach(parts: readonly Cluster[]): readonly number[] {
  const last: number[] = new Array(parts.length).fill(-1);
  let latest = -1;
  for (let position = parts.length - 1; position >= 0; position -= 1) {
    const part = parts[position];
    latest = Math.max(latest, part?.write.invokedAt ?? -1);
    for (const { invokedAt } of part?.reads ?? []) latest = Math.max(latest, invokedAt);
    last[position] = latest;
  }
  return last;
}
