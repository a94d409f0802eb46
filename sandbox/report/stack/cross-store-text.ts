import { formatCount } from '../../core/text/format-count.ts';
import { isChanged, linesOfChanges } from '../../cross-store/changes.ts';
import type { CrossStoreReport } from '../../cross-store/check-across-stores.ts';
import type { Colors } from '../colors.ts';

/** Whether the stores agree, what was compared, what has changed since the seeding, and the first differences. */
export function formatCrossStore(report: CrossStoreReport, colors: Colors): string {
  const compared = report.checks.reduce((sum, check) => sum + check.compared, 0);
  const expired = report.checks.reduce((sum, check) => sum + (check.expired ?? 0), 0);
  const changes = changeLines(report)
    .map((line) => `  ${line}\n`)
    .join('');
  if (report.ok) {
    const word = changes === '' ? colors.green('agree') : colors.yellow('used');
    const gone = expired === 0 ? '' : `, of which ${formatCount(expired)} had expired`;
    return `${word} ${report.checks.length} checks over ${formatCount(compared)} things${gone}\n${changes}`;
  }
  const lines = report.differences.map((difference) => `  ${difference}`);
  return `${colors.red('differ')} the stores do not hold the same:\n${lines.join('\n')}\n${changes}`;
}

/** What has changed since the seeding, a line for each store, and how to bring it back; none where nothing has. */
export function changeLines({ changes }: CrossStoreReport): readonly string[] {
  if (changes === undefined || !isChanged(changes)) return [];
  const lines = linesOfChanges(changes.kinds);
  return lines.map((line, index) =>
    index < lines.length - 1
      ? line
      : `${line}; \`npm run sandbox -- seed --reset\` brings the data back and DELETES what was added`,
  );
}
