import { datasetText } from '../../../bench/environment.ts';
import type { QualityBenchReport } from '../../../bench/quality/measure-quality.ts';
import type { Colors } from '../colors.ts';

/** All checks beside their bare questions, round by round. */
export function formatQualityBench(report: QualityBenchReport, colors: Colors): string {
  const { checks, checksMs, bareMs, ratio, wantedRatio, unknown, rounds, environment } = report;
  const isMet = unknown.length === 0 && ratio <= wantedRatio;
  const mark = isMet ? colors.green('met') : colors.red('missed');
  return [
    `${checks} checks     ${checksMs.map((ms) => `${ms} ms`).join(', ')}`,
    `their questions ${bareMs.map((ms) => `${ms} ms`).join(', ')}`,
    `ratio ${ratio.toFixed(3)}, wanted with large ${wantedRatio.toFixed(2)}: ${mark}`,
    ...(unknown.length === 0 ? [] : [colors.red(`unknown, so that no time counts: ${unknown.join(', ')}`)]),
    `${rounds} rounds in turns, the ratio the median of each round's; ${datasetText(environment)}.`,
    `Load of the machine: ${environment.loadBefore.toFixed(1)} before, ${environment.loadAfter.toFixed(1)} after.`,
    '',
  ].join('\n');
}
