import type { Comparison } from '../../bench/compare-reports.ts';
import type { BenchReport } from '../../bench/results.ts';
export function formatBenchPage(_report: BenchReport, _comparison?: Comparison): string {
  return '';
}
