import type { CheckResult, QualityReport } from '../../../sandbox/quality/run/report.ts';
import type { AsSpecified } from './as-specified.ts';
import type { Planted } from './plant.ts';

interface Row {
  readonly planted: number;
  readonly found: number;
  /** What was told and was none: in data that is in order, of near misses, and beside what was planted. */
  readonly falseAlarms: number;
}

/** What each check has found of what was planted, and what it has told besides. */
export interface Detection {
  /** Nothing of this is a defect. */
  readonly inOrder: (report: QualityReport) => void;
  /** Exactly this is. */
  readonly planted: (planted: Planted, report: QualityReport) => void;
  /** One thing is wrong for each of these checks, which tell that and not which. */
  readonly wrong: (checks: readonly string[], report: QualityReport) => void;
  readonly document: (controls: Readonly<Record<'inOrder' | 'planted', AsSpecified>>) => string;
}

export function createDetection(): Detection {
  const rows = new Map<string, Row>();
  const add = (check: string, more: Row) => {
    const { planted, found, falseAlarms } = rows.get(check) ?? { planted: 0, found: 0, falseAlarms: 0 };
    rows.set(check, {
      planted: planted + more.planted,
      found: found + more.found,
      falseAlarms: falseAlarms + more.falseAlarms,
    });
  };
  const told = ({ verdict, count = 0 }: CheckResult) => (verdict === 'fail' ? count : 0);
  return {
    inOrder: ({ results }) => {
      // A row that one store has more than the others is what these are there to tell.
      const judged = results.filter(({ check, verdict }) => !check.startsWith('cross-store.') && verdict !== 'not-run');
      for (const result of judged) add(result.check, { planted: 0, found: 0, falseAlarms: told(result) });
    },
    planted: (planted, { results }) => {
      for (const result of results) {
        const ids = planted[result.check] ?? [];
        const named = ids.filter((id) => result.ids.includes(id)).length;
        // Of what is counted alone, or may be named by either of two ids, the number is all that can be compared.
        const found = named > 0 ? named : Math.min(told(result), ids.length);
        add(result.check, { planted: ids.length, found, falseAlarms: Math.max(0, told(result) - found) });
      }
    },
    wrong: (checks, { results }) => {
      for (const result of results) {
        const isWrong = checks.includes(result.check);
        const isTold = result.verdict === 'fail';
        add(result.check, {
          planted: isWrong ? 1 : 0,
          found: isWrong && isTold ? 1 : 0,
          falseAlarms: !isWrong && isTold ? 1 : 0,
        });
      }
    },
    document: (controls) =>
      documentOf(
        [...rows].toSorted(([left], [right]) => (left < right ? -1 : 1)),
        controls,
      ),
  };
}

function documentOf(
  rows: readonly (readonly [string, Row])[],
  { inOrder, planted }: Readonly<Record<'inOrder' | 'planted', AsSpecified>>,
): string {
  const tried = rows.filter(([, row]) => row.planted > 0);
  const untried = rows.filter(([, row]) => row.planted === 0);
  const sum = (of: (row: Row) => number) => rows.reduce((total, [, row]) => total + of(row), 0);
  return `# What quality checks find

Made by \`test/quality/seeded-defects.test.ts\` from its own run, which fails where this is no more so. To write it anew:

<!-- not run: it starts every engine -->
\`\`\`
npx vitest run test/quality/seeded-defects.test.ts -u
\`\`\`

Defects of each kind are planted in a dataset that has one thing in each cell of levels. False alarms are what a check told in
the dataset as it was loaded, of near misses, and beside what was planted. All together: ${sum(({ planted: each }) => each)} planted,
${sum(({ found }) => found)} found, ${sum(({ falseAlarms }) => falseAlarms)} false alarms.

| check | planted | found | false alarms |
|---|---|---|---|
${tried.map(([check, row]) => `| \`${check}\` | ${row.planted} | ${row.found} | ${row.falseAlarms} |`).join('\n')}

Nothing was planted for these: the server refuses it, or has no such catalogue.

| check | false alarms |
|---|---|
${untried.map(([check, { falseAlarms }]) => `| \`${check}\` | ${falseAlarms} |`).join('\n')}

## As specified

What the specification's own checks tell of the same data. Where nothing is wrong each should tell 0.

| check | told where nothing is wrong | told of what was planted |
|---|---|---|
${Object.keys(inOrder)
  // A share of memory is another one in each run.
  .filter((name) => name !== 'memory_usage_percent')
  .map((name) => `| \`${name}\` | ${inOrder[name as keyof AsSpecified]} | ${planted[name as keyof AsSpecified]} |`)
  .join('\n')}
`;
}
