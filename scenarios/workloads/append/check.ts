import { createTally, type Findings, type Tally, verdictOf } from '../../checkers/findings.ts';
import {
  countWrites,
  doneAt,
  groupBy,
  never,
  operationsOf,
  outcomeOf,
  type PairedOperation,
} from '../../checkers/operations.ts';
import { type Attempt, classifyPresence, type FullRead, fullReadOf } from '../../checkers/presence.ts';
import type { HistoryEvent } from '../../history.ts';

export interface AppendOptions {
  /** Whether a read may lag behind, as one of a replica may. Default `false`: a stale value fails the history. */
  readonly allowStale?: boolean;
}

interface Append {
  readonly value: number;
  readonly invokedAt: number;
  /** `never`, unless it was acknowledged. */
  readonly doneAt: number;
}

/**
 * Checks lists that only ever grow at their end. Without `allowStale` a history fails exactly if some key's list is
 * not linearizable, which reads of whole lists of unique values make decidable in linear time: all reads have to be
 * beginnings of the longest one, and its order has to agree with real time. `fail` of an append means that it did not
 * happen. `unknown`: a key has a value that was tried twice, an acknowledged value was never read, or nothing was read.
 * A value that was tried twice is counted, and all others of its key are judged as if it had not been: what is true of a
 * list is true of it without some of its values.
 */
export function checkAppend(events: readonly HistoryEvent[], { allowStale = false }: AppendOptions = {}): Findings {
  const operations = operationsOf(events).filter(
    ({ invoke }) => invoke.operation === 'append' || invoke.operation === 'read-list',
  );
  const tally = createTally();
  let shown = false;
  let readCount = 0;
  for (const [key, ofKey] of groupBy(operations, keyOf)) {
    const reads = ofKey.flatMap((operation) => fullReadOf(operation, 'read-list'));
    readCount += reads.length;
    shown ||= reads.some(({ values }) => values.length > 0);
    checkKey(key, ofKey, reads, tally);
  }
  const found = tally.result();
  return {
    workload: 'append',
    verdict: verdictOf(found, { tolerated: allowStale ? ['stale'] : [], shown }),
    ...countWrites(operations.filter(({ invoke }) => invoke.operation === 'append')),
    reads: readCount,
    ...found,
  };
}

function checkKey(key: string, operations: readonly PairedOperation[], reads: readonly FullRead[], tally: Tally): void {
  const tries = groupBy(
    operations.filter(({ invoke }) => invoke.operation === 'append'),
    ({ invoke }) => (invoke.operation === 'append' ? invoke.value : 0),
  );
  const attempts = new Map<number, Attempt>();
  const appends = new Map<number, Append>();
  const repeated = new Set<number>();
  for (const [value, ofValue] of tries) {
    const effective = ofValue.filter((operation) => outcomeOf(operation) !== 'fail');
    const [first] = effective;
    if (first === undefined) {
      attempts.set(value, { invokedAt: never, acknowledgedAt: never, acknowledgedMs: never, refused: true });
    } else if (effective.length > 1) {
      repeated.add(value);
      checkRepeated(key, value, effective, reads, tally);
    } else {
      const invokedAt = first.invoke.index;
      const acknowledgedAt = doneAt(first);
      const acknowledgedMs = acknowledgedAt === never ? never : (first.completion?.timeMs ?? never);
      attempts.set(value, { invokedAt, acknowledgedAt, acknowledgedMs, refused: false });
      appends.set(value, { value, invokedAt, doneAt: acknowledgedAt });
    }
  }
  const told = repeated.size === 0 ? reads : reads.map((read) => without(read, repeated));
  checkPresence(key, attempts, told, tally);
  checkOrder(key, appends, told, tally);
}

function without(read: FullRead, values: ReadonlySet<number>): FullRead {
  return { ...read, values: read.values.filter((value) => !values.has(value)) };
}

/**
 * Which of its appends a read shows cannot be told, but how many: no more than had begun when it was over, and no fewer
 * than were acknowledged before it began, unless a later read of the member shows them.
 */
function checkRepeated(
  key: string,
  value: number,
  appends: readonly PairedOperation[],
  reads: readonly FullRead[],
  tally: Tally,
): void {
  tally.leaveOpen(`key ${key}: ${value} was appended twice, so its reads do not tell which append they show`);
  const lastReads = new Map<string, FullRead>();
  for (const read of reads.toSorted((left, right) => left.invokedAt - right.invokedAt)) {
    lastReads.set(read.member, read);
    const begun = appends.filter(({ invoke }) => invoke.index < read.completedAt).length;
    if (timesIn(read, value) <= begun) continue;
    tally.add(begun === 0 ? 'unexpected' : 'duplicated', () => `${key}: ${value}`);
    break;
  }
  const isLost = [...lastReads.values()].some(
    (read) => timesIn(read, value) < appends.filter((append) => doneAt(append) < read.invokedAt).length,
  );
  if (isLost) tally.add('lost', () => `${key}: ${value}`);
}

function timesIn({ values }: FullRead, value: number): number {
  return values.filter((each) => each === value).length;
}

function checkPresence(
  key: string,
  attempts: ReadonlyMap<number, Attempt>,
  reads: readonly FullRead[],
  tally: Tally,
): void {
  const { lost, diverged, duplicated, unexpected, neverRead, stale } = classifyPresence(attempts, reads);
  for (const value of lost) tally.add('lost', () => `${key}: ${value}`);
  for (const value of diverged) tally.add('diverged', () => `${key}: ${value}`);
  for (const value of duplicated) tally.add('duplicated', () => `${key}: ${value}`);
  for (const value of unexpected) tally.add('unexpected', () => `${key}: ${value}`);
  for (const value of neverRead) tally.add('never-read', () => `${key}: ${value}`);
  for (const { value, ageMs } of stale) tally.addStale(ageMs, () => `${key}: ${value} for ${ageMs.toFixed(1)} ms`);
}

/** The longest read gives the order: of the values in it by their positions, and of all others as coming later. */
function checkOrder(key: string, appends: ReadonlyMap<number, Append>, reads: readonly FullRead[], tally: Tally): void {
  const longest = reads.reduce<readonly number[]>(
    (before, { values }) => (values.length >= before.length ? values : before),
    [],
  );
  for (const { values, invokedAt } of reads) {
    const differs = values.findIndex((value, position) => value !== longest[position]);
    if (differs >= 0) {
      tally.add('reordered', () => `${key}: event ${invokedAt} reads ${values[differs]} where ${longest[differs]} is`);
    }
  }
  const inLongest = new Set(longest);
  const rest = [...appends.values()].filter(({ value }) => !inLongest.has(value));
  let latest: Append | undefined;
  for (const value of longest) {
    const append = appends.get(value);
    if (append === undefined) continue;
    reportIfBefore(key, append, latest, tally);
    if (latest === undefined || append.invokedAt > latest.invokedAt) latest = append;
  }
  for (const append of rest) reportIfBefore(key, append, latest, tally);
}

/** `append` comes after `latest` in the order that was read: it must not have been over before `latest` began. */
function reportIfBefore(key: string, append: Append, latest: Append | undefined, tally: Tally): void {
  if (latest === undefined || append.doneAt > latest.invokedAt) return;
  tally.add(
    'reordered',
    () => `${key}: ${append.value} was acknowledged before ${latest.value} began, and comes later`,
  );
}

function keyOf({ invoke }: PairedOperation): string {
  return 'key' in invoke ? invoke.key : '';
}
