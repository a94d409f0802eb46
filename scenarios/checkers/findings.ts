import type { WorkloadName } from '../../sandbox/engines/contract/workloads.ts';
import type { Judgement } from '../results.ts';
import type { WriteCounts } from './operations.ts';

/** What may be wrong with a history. Each checker says which of them it finds, and which of them fail it. */
export type AnomalyKind =
  /** Acknowledged, and later gone for good. */
  | 'lost'
  /** Seen but never acknowledged, and later gone for good, or from some members alone. */
  | 'diverged'
  /** There more than once. */
  | 'duplicated'
  /** There, but never written, refused, or seen before its write began. */
  | 'unexpected'
  /** Missing from a read that began after it was known, but there again later. */
  | 'stale'
  /** In an order that another read, or real time, contradicts. */
  | 'reordered'
  /** Two compare-and-sets took the same value. */
  | 'forked'
  /** Acknowledged, and no read began afterwards. Leaves the question open. */
  | 'never-read'
  /** Balances that do not come to the total. */
  | 'wrong-total'
  /** A balance below zero. */
  | 'negative';

interface Anomaly {
  readonly kind: AnomalyKind;
  readonly count: number;
  /** The first ones, in words. */
  readonly examples: readonly string[];
}

/** What a history comes to. */
export interface Findings extends WriteCounts {
  readonly workload: WorkloadName;
  readonly verdict: Judgement;
  /** Reads that came back. */
  readonly reads: number;
  readonly anomalies: readonly Anomaly[];
  /** Longest time between a value's being known and the beginning of a read that lacks it though it is not lost. */
  readonly staleMaxMs: number;
  /** What could not be decided, and why. */
  readonly undecided: readonly string[];
}

/** Offending values that a report names, of each kind. */
const examplesMax = 10;

/** Counts anomalies, and keeps the first few of each kind. */
export interface Tally {
  readonly add: (kind: AnomalyKind, example: () => string) => void;
  readonly addStale: (ageMs: number, example: () => string) => void;
  readonly leaveOpen: (reason: string) => void;
  readonly result: () => Pick<Findings, 'anomalies' | 'staleMaxMs' | 'undecided'>;
}

export function createTally(): Tally {
  const anomalies = new Map<AnomalyKind, { kind: AnomalyKind; count: number; examples: string[] }>();
  const undecided: string[] = [];
  let staleMaxMs = 0;
  const add: Tally['add'] = (kind, example) => {
    const anomaly = anomalies.get(kind) ?? { kind, count: 0, examples: [] };
    anomalies.set(kind, anomaly);
    anomaly.count += 1;
    if (anomaly.examples.length < examplesMax) anomaly.examples.push(example());
  };
  return {
    add,
    addStale: (ageMs, example) => {
      staleMaxMs = Math.max(staleMaxMs, ageMs);
      add('stale', example);
    },
    leaveOpen: (reason) => {
      if (undecided.length < examplesMax) undecided.push(reason);
    },
    result: () => ({ anomalies: [...anomalies.values()], staleMaxMs, undecided }),
  };
}

/** `fail` if there is an anomaly that is not tolerated, `unknown` if something is open or nothing was shown. */
export function verdictOf(
  { anomalies, undecided }: Pick<Findings, 'anomalies' | 'undecided'>,
  { tolerated, shown }: { readonly tolerated: readonly AnomalyKind[]; readonly shown: boolean },
): Findings['verdict'] {
  const open = anomalies.some(({ kind }) => kind === 'never-read');
  const failing = anomalies.filter(({ kind }) => kind !== 'never-read' && !tolerated.includes(kind));
  if (failing.length > 0) return 'fail';
  return open || undecided.length > 0 || !shown ? 'unknown' : 'pass';
}

/** How many of a kind were found. */
export function countOf({ anomalies }: Pick<Findings, 'anomalies'>, kind: AnomalyKind): number {
  return anomalies.find((anomaly) => anomaly.kind === kind)?.count ?? 0;
}

/** The figures of a report's line. */
export function measuresOfFindings(findings: Findings): Readonly<Record<string, number>> {
  const { attempted, ok, fail, info, reads, staleMaxMs } = findings;
  const usual = { lost: 0, diverged: 0, duplicated: 0, stale: 0, unexpected: 0 };
  const found = Object.fromEntries(findings.anomalies.map(({ kind, count }) => [kind, count]));
  return { attempted, ok, fail, info, reads, ...usual, ...found, staleMaxMs: Math.round(staleMaxMs) };
}
