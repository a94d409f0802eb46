import { type Comparison, type PathComparison, percent } from '../../../bench/compare/compare-reports.ts';
import type { Colors } from '../colors.ts';
import { formatTable } from '../table.ts';
import { formatMicroseconds } from '../units.ts';

/** One line per path, then what else is different, and why a gate stops. */
export function formatComparison(comparison: Comparison, colors: Colors): string {
  const columns = [
    { title: 'engine' },
    { title: 'path' },
    ...['before', 'after', 'change', '95 % interval', 'rounds'].map((title) => ({ title, align: 'right' as const })),
    { title: 'verdict' },
  ];
  const rows = comparison.paths.map((path) => [
    ...comparedCells(path),
    String(path.latency.rounds),
    verdictText(path, colors),
  ]);
  const failed = comparison.paths.filter(({ failures }) => failures.length > 0);
  return [
    `\n${comparison.before} -> ${comparison.after}, ${pairingText(comparison)}`,
    colors.dim(figureText),
    formatTable(columns, rows, colors),
    ...failed.map(
      ({ engine, path, failures }) => `  ${colors.red('worse')} ${engine} / ${path}: ${failures.join('; ')}`,
    ),
    ...comparison.unpaired.map(({ engine, path, only, notRun }) =>
      notRun === undefined
        ? `  ${colors.yellow(`only ${only}`)} ${engine} / ${path}`
        : `  ${colors.red('not run')} ${engine} / ${path}: ${notRun}`,
    ),
    ...comparison.differences.map((difference) => `  ${colors.dim('also different')} ${difference}`),
    (comparison.verdict === 'pass' ? colors.green : colors.red)(comparisonVerdict(comparison)),
    '',
  ].join('\n');
}

/** The verdict in words: noise that could hide a change is said, not passed over. */
export function comparisonVerdict({ verdict, paths, unpaired, isJudged }: Comparison): string {
  if (paths.length === 0) return 'nothing could be compared: no path is in both runs';
  const gone = unpaired.filter(({ notRun }) => notRun !== undefined).length;
  const isWorse = paths.some(({ failures }) => failures.length > 0);
  if (gone > 0 && !isWorse) return `what was measured before is not run: ${gone} ${gone === 1 ? 'path' : 'paths'}`;
  if (verdict === 'fail') return 'something got worse';
  if (!isJudged) return 'plans and answers are as before; latencies are of another machine or dataset, and not judged';
  const unsure = paths.filter(({ latency }) => ['unclear', 'too-few-rounds'].includes(latency.verdict)).length;
  return unsure === 0
    ? 'nothing got worse'
    : `nothing is shown to be worse; ${unsure} of ${paths.length} paths could not be judged for noise`;
}

/** Which figure is shown and judged. */
export const figureText = 'latency that a tenth of the requests stay below, in the quieter rounds';

export function pairingText({ pairing }: Comparison): string {
  return pairing === 'interleaved'
    ? 'measured in turns'
    : 'measured at different times: `before` is what it would be on the machine as it is now';
}

/** Engine, path, latency before and after, its change, and the interval of that. */
export function comparedCells(path: PathComparison): readonly string[] {
  const { beforeUs, afterUs, change } = path.latency;
  return [
    path.engine,
    path.path,
    formatMicroseconds(beforeUs),
    formatMicroseconds(afterUs),
    percent(change),
    intervalText(path),
  ];
}

export function intervalText({ latency }: PathComparison): string {
  const [low, high] = latency.interval;
  return latency.verdict === 'too-few-rounds' ? 'too few rounds' : `${percent(low)} to ${percent(high)}`;
}

function verdictText({ latency, plan, answer }: PathComparison, colors: Colors): string {
  const paint = {
    slower: colors.red,
    faster: colors.green,
    same: colors.dim,
    unclear: colors.yellow,
    'too-few-rounds': colors.yellow,
  };
  return [
    paint[latency.verdict](latency.verdict),
    ...(plan === undefined ? [] : [colors.red('other plan')]),
    ...(answer === undefined ? [] : [colors.red('other answer')]),
  ].join(', ');
}
