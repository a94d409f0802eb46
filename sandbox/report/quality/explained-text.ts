import type { ExplainedCheck } from '../../quality/explain-check.ts';
import type { Colors } from '../colors.ts';
import { formatHeading, formatTable } from '../table.ts';

/** One check in full, or a list of several. */
export function formatExplained(checks: readonly ExplainedCheck[], colors: Colors): string {
  const [only] = checks;
  if (checks.length === 1 && only !== undefined) return formatOne(only, colors);
  return formatTable(
    [{ title: 'check' }, { title: 'severity' }, { title: 'cost' }, { title: 'wanted' }, { title: 'what' }],
    checks.map(({ check, severity, cost, threshold, description }) => [check, severity, cost, threshold, description]),
    colors,
  );
}

function formatOne(explained: ExplainedCheck, colors: Colors): string {
  const { check, description, statement, parameters, accepted, ...others } = explained;
  const facts = Object.entries({ ...others, ...parameters }).map(([name, value]) => [name, String(value)]);
  const known = accepted.map(({ id, reason }) => `accepted: ${id}, since ${reason}\n`);
  return [
    formatHeading(check, colors),
    `${description}\n`,
    formatTable([{ title: 'what' }, { title: 'is' }], facts, colors),
    ...known,
    `\n${statement}\n`,
  ].join('');
}
