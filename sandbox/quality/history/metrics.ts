import type { RecordedResult, RecordedRun } from './recorded-run.ts';
import { isDecided, violationsOf } from './trends.ts';

/** What is known of a check now. */
interface CheckState {
  readonly contracts: string;
  readonly newest: RecordedResult;
  readonly decided?: { readonly result: RecordedResult; readonly at: string };
}

type Value = (state: CheckState) => number | undefined;

/** What the alerts QualityCheckFailed, QualityCheckWarns and QualityCheckSilent read, and which checks nobody could decide. */
const metrics: readonly (readonly [name: string, help: string, value: Value])[] = [
  [
    'taishang_quality_violations',
    'Violations when the check was decided last; 0 where it passed.',
    ({ decided }) => (decided === undefined ? undefined : violationsOf(decided.result)),
  ],
  [
    'taishang_quality_last_success_timestamp_seconds',
    'Start of the last run that decided the check, in seconds since 1970; 0 where none has.',
    ({ decided }) => (decided === undefined ? 0 : Date.parse(decided.at) / 1_000),
  ],
  [
    'taishang_quality_unknown',
    '1 where the last run could not decide the check, as of a store that is down, else 0.',
    ({ newest }) => (newest.verdict === 'unknown' ? 1 : 0),
  ],
];

/**
 * Metrics of the checks of some histories, in the text format of Prometheus's documentation, "Exposition formats". A check
 * that nobody could decide keeps the violations that are known of it; one that is not run here, or no more, has no metric.
 */
export function qualityMetrics(histories: readonly (readonly RecordedRun[])[]): string {
  const states = histories.flatMap(statesOf);
  const lines = metrics.flatMap(([name, help, read]) => [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} gauge`,
    ...states.flatMap((state) => {
      const value = read(state);
      return value === undefined ? [] : [`${name}{${labelsOf(state)}} ${value}`];
    }),
  ]);
  return `${lines.join('\n')}\n`;
}

function statesOf(runs: readonly RecordedRun[]): readonly CheckState[] {
  // What the last whole run has not looked at is no check any more.
  const since = Math.max(
    0,
    runs.findLastIndex(({ isWhole }) => isWhole),
  );
  const newest = new Map<string, Omit<CheckState, 'decided'>>();
  for (const { contracts, results } of runs.slice(since)) {
    for (const result of results) newest.set(result.check, { contracts, newest: result });
  }
  const decided = lastDecided(runs);
  return [...newest.values()]
    .filter((state) => state.newest.verdict !== 'not-run')
    .map((state) => {
      const found = decided.get(state.newest.check);
      return found === undefined ? state : { ...state, decided: found };
    });
}

function lastDecided(runs: readonly RecordedRun[]): ReadonlyMap<string, NonNullable<CheckState['decided']>> {
  const all = runs.flatMap(({ startedAt, results }) =>
    results.filter(isDecided).map((result) => ({ result, at: startedAt })),
  );
  return new Map(all.map((each) => [each.result.check, each]));
}

function labelsOf({ contracts, newest: { check, engine, severity } }: CheckState): string {
  return Object.entries({ check, engine, severity, contracts })
    .map(([name, value]) => `${name}="${escaped(value)}"`)
    .join(',');
}

/** As the format has values of labels. */
function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
