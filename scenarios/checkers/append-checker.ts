import type { HistoryEvent } from '../history.ts';
import { createTally, type Findings, type Tally, verdictOf } from './findings.ts';
import { countWrites, doneAt, groupBy, never, operationsOf, outcomeOf, type PairedOperation } from './operations.ts';
import { type Attempt, classifyPresence, type FullRead, fullReadOf } from './presence.ts';

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
  const attempts = new Map<number, Attempt>();
  const appends = new Map<number, Append>();
  for (const operation of operations) {
    const { invoke, completion } = operation;
    if (invoke.operation !== 'append') continue;
    const { value } = invoke;
    if (outcomeOf(operation) === 'fail') {
      if (!attempts.has(value)) attempts.set(value, { acknowledgedAt: never, acknowledgedMs: never, refused: true });
      continue;
    }
    if (appends.has(value)) {
      tally.leaveOpen(`key ${key}: ${value} was appended twice, so its reads do not tell which append they show`);
      return;
    }
    const acknowledgedAt = doneAt(operation);
    const acknowledgedMs = acknowledgedAt === never ? never : (completion?.timeMs ?? never);
    attempts.set(value, { acknowledgedAt, acknowledgedMs, refused: false });
    appends.set(value, { value, invokedAt: invoke.index, doneAt: acknowledgedAt });
  }
  checkPresence(key, attempts, reads, tally);
  checkOrder(key, appends, reads, tally);
}

function checkPresence(
  key: string,
  attempts: ReadonlyMap<number, Attempt>,
  reads: readonly FullRead[],
  tally: Tally,
): void {
  const { lost, duplicated, unexpected, neverRead, stale } = classifyPresence(attempts, reads);
  for (const value of lost) tally.add('lost', () => `${key}: ${value}`);
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
  for (const { values, invokedAt, completedAt } of reads) {
    const differs = values.findIndex((value, position) => value !== longest[position]);
    if (differs >= 0) {
      tally.add('reordered', () => `${key}: event ${invokedAt} reads ${values[differs]} where ${longest[differs]} is`);
    }
    const early = values.find((value) => (appends.get(value)?.invokedAt ?? -1) > completedAt);
    if (early !== undefined) tally.add('unexpected', () => `${key}: ${early} was read before its append began`);
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
