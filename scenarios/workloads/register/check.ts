import { createTally, type Findings, type Tally, verdictOf } from '../../checkers/findings.ts';
import { countWrites, groupBy, operationsOf, outcomeOf, type PairedOperation } from '../../checkers/operations.ts';
import type { HistoryEvent } from '../../history.ts';
import { type Block, blocksOf } from './blocks.ts';
import { clustersOf } from './clusters.ts';

/**
 * Checks registers with compare-and-set: a history fails exactly if some key's operations are not linearizable. Written
 * values are unique, so that each read names its write and each compare-and-set its predecessor; that makes it
 * decidable in n log n (Gibbons and Korach, "Testing Shared Memories", 1997, for reads and writes; a compare-and-set
 * joins the values before and after it into one block, between whose parts no other write can have come).
 *
 * Any number of operations may be without an answer: one whose value nobody saw can be left out of every
 * linearization, and one whose value was seen has happened. `fail` means that an operation did not happen; a refused
 * compare-and-set therefore says nothing of the register. `unknown`: a key on which a value was tried twice or a
 * compare-and-set names one value for both (what found such a value is left out; all else of the key is judged), or a
 * history in which no read came back.
 */
export function checkRegister(events: readonly HistoryEvent[]): Findings {
  const operations = operationsOf(events).filter(({ invoke: { operation } }) => isOfRegister(operation));
  const tally = createTally();
  for (const [key, ofKey] of groupBy(operations, keyOf)) checkKey(key, ofKey, tally);
  const reads = operations.filter((each) => each.invoke.operation === 'read-register' && outcomeOf(each) === 'ok');
  const found = tally.result();
  return {
    workload: 'register',
    verdict: verdictOf(found, { tolerated: [], shown: reads.length > 0 }),
    ...countWrites(operations.filter(({ invoke }) => invoke.operation !== 'read-register')),
    reads: reads.length,
    ...found,
  };
}

function checkKey(key: string, operations: readonly PairedOperation[], tally: Tally): void {
  const clusters = clustersOf(key, operations, tally);
  const timeMsAt = timesOf(operations);
  const blocks = blocksOf(key, clusters, timeMsAt, tally);
  reportOverlaps(key, blocks, timeMsAt, tally);
}

/**
 * A block has to come before another if some operation of it was over before some operation of the other began. An
 * order exists unless two blocks have to come before each other: if two forward zones overlap, or a backward zone lies
 * within a forward one. (Of a longer cycle, the block with the earliest end has to come before each of the others.)
 */
function reportOverlaps(key: string, blocks: readonly Block[], timeMsAt: (at: number) => number, tally: Tally): void {
  const forward = blocks.filter(isForward).toSorted((left, right) => left.firstDoneAt - right.firstDoneAt);
  const furthest: Block[] = [];
  for (const block of forward) {
    const before = furthest.at(-1);
    if (before !== undefined && block.firstDoneAt < before.lastInvokedAt) report(key, before, block, timeMsAt, tally);
    furthest.push(before !== undefined && before.lastInvokedAt > block.lastInvokedAt ? before : block);
  }
  for (const block of blocks) {
    if (isForward(block)) continue;
    const around = furthest[countBelow(forward, block.lastInvokedAt) - 1];
    if (around !== undefined && block.firstDoneAt < around.lastInvokedAt) report(key, around, block, timeMsAt, tally);
  }
}

function isForward({ firstDoneAt, lastInvokedAt }: Block): boolean {
  return firstDoneAt < lastInvokedAt;
}

/** How many of the blocks, in the order of their first ends, have theirs before a position. */
function countBelow(inOrder: readonly Block[], at: number): number {
  let low = 0;
  let high = inOrder.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((inOrder[middle]?.firstDoneAt ?? at) < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Both blocks were in force before and after each other. If the later one was not seen again, its value is lost;
 * otherwise the other one's was out of date when it was seen.
 */
function report(key: string, older: Block, newer: Block, timeMsAt: (at: number) => number, tally: Tally): void {
  const seen = `${key}: event ${older.lastInvokedAt} begins after ${newer.name} was there, and finds ${older.name}`;
  const isGone = newer.lastInvokedAt < older.lastInvokedAt;
  if (isGone) tally.add(newer.acknowledged ? 'lost' : 'diverged', () => seen);
  else tally.addStale(timeMsAt(older.lastInvokedAt) - timeMsAt(newer.firstDoneAt), () => seen);
}

/** Looked up for anomalies alone, of which most histories have none. */
function timesOf(operations: readonly PairedOperation[]): (at: number) => number {
  let times: Map<number, number> | undefined;
  return (at) => {
    times ??= new Map(
      operations
        .flatMap(({ invoke, completion }) => (completion === undefined ? [invoke] : [invoke, completion]))
        .map(({ index, timeMs }) => [index, timeMs]),
    );
    return times.get(at) ?? 0;
  };
}

function isOfRegister(operation: string): boolean {
  return operation === 'write' || operation === 'cas' || operation === 'read-register';
}

function keyOf({ invoke }: PairedOperation): string {
  return 'key' in invoke ? invoke.key : '';
}
