import type { ObservedQuery } from '../../engines/contract/insight.ts';

/** From when on a query of a test is worth a line. */
export interface InsightOptions {
  /** A query that takes so long is slow, in milliseconds. Default: 100. */
  readonly slowMs?: number;
  /** How often a test may ask by the same statement; more is taken for a query in a loop (N+1). Default: 10. */
  readonly repeats?: number;
}

/** What is wrong with one statement of a test. */
export interface Finding {
  readonly engine: string;
  /** `slow`; `no index`: read from end to end; `repeated`: the same statement again and again, N+1. */
  readonly kind: 'slow' | 'no index' | 'repeated';
  /** Without its values. */
  readonly statement: string;
  /** How often the test asked by it. */
  readonly calls: number;
  /** What was measured, for people. */
  readonly detail: string;
}

/** Of an engine that could not be looked at. */
export interface NotLookedAt {
  readonly engine: string;
  readonly reason: string;
}

/** What the queries of one test were like, as far as each engine tells. */
export interface QueryReport {
  readonly findings: readonly Finding[];
  readonly notRun: readonly NotLookedAt[];
}

const defaults = { slowMs: 100, repeats: 10 } as const;

/** With every default in its place. */
export function thresholdsOf(options: InsightOptions): Required<InsightOptions> {
  const { slowMs = defaults.slowMs, repeats = defaults.repeats } = options;
  return { slowMs, repeats };
}

/** What of these queries a person should look at. */
export function findingsOf(
  engine: string,
  queries: readonly ObservedQuery[],
  { slowMs, repeats }: Required<InsightOptions>,
): readonly Finding[] {
  return queries.flatMap(({ statement, calls, slowestMs = 0, scans }) => {
    const of = { engine, statement: shortened(statement), calls };
    return [
      ...(slowestMs >= slowMs ? [{ ...of, kind: 'slow' as const, detail: `${slowestMs.toFixed(1)} ms` }] : []),
      ...scans.map((scan) => ({ ...of, kind: 'no index' as const, detail: `reads all of ${shortened(scan)}` })),
      ...(calls > repeats ? [{ ...of, kind: 'repeated' as const, detail: `${calls} times` }] : []),
    ];
  });
}

/** As much of a statement as says which one it is. */
const charactersMax = 300;

/** In one line, cut where it is longer than anybody reads. */
export function shortened(text: string): string {
  const inOneLine = text.replaceAll(/\s+/g, ' ').trim();
  return inOneLine.length <= charactersMax ? inOneLine : `${inOneLine.slice(0, charactersMax - 1)}…`;
}
