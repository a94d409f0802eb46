import { resolve } from 'node:path';
import { compareReports } from '../../../bench/compare/compare-reports.ts';
import { readRun } from '../../../bench/compare/saved-runs.ts';
import { formatGoBenchmarks } from '../../../bench/load/go-format.ts';
import { writePrivateFile } from '../../core/files/private-files.ts';
import { formatBenchSummary } from '../../report/bench/bench-summary.ts';
import { formatComparison } from '../../report/bench/comparison-text.ts';
import { formatBenchPage } from '../../report/bench/page/bench-page.ts';
import { badOption } from '../options/names.ts';
import type { ActionContext, Outcome } from '../run-action.ts';

/** Compares two saved runs; exit code 1 where the second is slower, or has another plan or answer. */
export async function benchCompare({ arguments: names, settings, flags }: ActionContext): Promise<Outcome> {
  const [, nameBefore, nameAfter, ...others] = names;
  if (nameBefore === undefined || nameAfter === undefined || others.length > 0) {
    throw badOption('`bench compare` takes two saved runs.', 'For example `bench compare before after`.');
  }
  const [before, after] = await Promise.all([nameBefore, nameAfter].map((name) => readRun(settings.directory, name)));
  if (before === undefined || after === undefined) throw new Error('two were read');
  const comparison = compareReports(before, after, 'by-reference');
  const files = [
    [flags.html, () => formatBenchPage(after.report, comparison)],
    [flags.summary, () => formatBenchSummary(after.report, comparison)],
  ] as const;
  for (const [path, format] of files) {
    if (path === undefined) continue;
    await writePrivateFile(resolve(settings.directory, String(path)), format());
  }
  return {
    document: comparison,
    text: (colors) => formatComparison(comparison, colors),
    exitCode: comparison.verdict === 'pass' ? 0 : 1,
  };
}

/** Prints a saved run in Go's benchmark format, for `benchstat`. */
export async function benchExport({ arguments: names, settings }: ActionContext): Promise<Outcome> {
  const [, name, ...others] = names;
  if (name === undefined || others.length > 0) {
    throw badOption('`bench export` takes one saved run.', 'For example `bench export before > before.txt`.');
  }
  const { report } = await readRun(settings.directory, name);
  return { document: report, text: () => formatGoBenchmarks(report) };
}
