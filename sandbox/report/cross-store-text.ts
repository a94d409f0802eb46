import type { CrossStoreReport } from '../cross-store/check-across-stores.ts';
import type { Colors } from './colors.ts';
import { formatCount } from './units.ts';

/** Whether the stores agree, what was compared, and the first differences. */
export function formatCrossStore(report: CrossStoreReport, colors: Colors): string {
  const compared = report.checks.reduce((sum, check) => sum + check.compared, 0);
  const expired = report.checks.reduce((sum, check) => sum + (check.expired ?? 0), 0);
  if (report.ok) {
    const gone = expired === 0 ? '' : `, of which ${formatCount(expired)} had expired`;
    return `${colors.green('agree')} ${report.checks.length} checks over ${formatCount(compared)} things${gone}\n`;
  }
  const lines = report.differences.map((difference) => `  ${difference}`);
  return `${colors.red('differ')} the stores do not hold the same:\n${lines.join('\n')}\n`;
}
