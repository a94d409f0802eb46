import { resolve } from 'node:path';
import type { BenchTarget } from '../../../bench/bench-target.ts';
import { type Comparison, compareReports } from '../../../bench/compare/compare-reports.ts';
import { doubtfulOf, lookUntilClear, unsettledOf } from '../../../bench/compare/looks.ts';
import { readRun, type SavedRun, savedRunFile, saveRun } from '../../../bench/compare/saved-runs.ts';
import { externalTarget, refuseMissing } from '../../../bench/measure/external-servers.ts';
import { missedObjectives } from '../../../bench/measure/objectives.ts';
import type { BenchReport } from '../../../bench/results.ts';
import { runInterleaved } from '../../../bench/run-benchmarks.ts';
import { createDataset } from '../../../seeds/create-dataset.ts';
import { messageOf, SandboxError } from '../../core/errors.ts';
import { requireWritable, writePrivateFile } from '../../core/files/private-files.ts';
import { notice } from '../../core/progress.ts';
import { withoutUndefined } from '../../core/without-undefined.ts';
import { engineNames } from '../../engines/engine-names.ts';
import { loadEngines } from '../../engines/load-engines.ts';
import { formatBenchSummary } from '../../report/bench/bench-summary.ts';
import { benchHasFailed, formatBench } from '../../report/bench/bench-text.ts';
import { formatComparison } from '../../report/bench/comparison-text.ts';
import { formatBenchPage } from '../../report/bench/page/bench-page.ts';
import { attachStack } from '../../stack/attach/attach-stack.ts';
import { badOption } from '../options/names.ts';
import { chosenEngines, identityOf, stackOptionsOf } from '../options/stack-options.ts';
import type { ActionContext, Outcome } from '../run-action.ts';
import { type BenchFlags, parseBenchFlags } from './bench-options.ts';
import { parseUrls } from './bench-urls.ts';

/** Measures query paths, keeps and compares them as the flags say. */
export async function benchPaths(context: ActionContext): Promise<Outcome> {
  const flags = parseBenchFlags(context.flags);
  const { directory } = context.settings;
  // Before anything is measured: a name that is none, a file that cannot be written, or a run that is not there.
  if (flags.save !== undefined) await requireWritable(savedRunFile(directory, flags.save));
  for (const path of [flags.html, flags.summary]) {
    if (path !== undefined) await requireWritable(resolve(directory, path));
  }
  const baseline = flags.against === undefined ? undefined : await readRun(directory, flags.against);
  const isExternal = flags.urls.length > 0;
  const target = isExternal
    ? await targetByUrl(context, flags)
    : await attachTarget({ ...identityOf(context), ...chosenEngines(context) }, flags);
  const beside = baseline === undefined || isExternal ? undefined : await targetBeside(context, baseline, flags);
  const [report, besideReport] = await measureAsAsked(context, flags, {
    targets: beside === undefined ? [target] : [target, beside],
    baseline,
  });
  if (report === undefined) throw new Error('a target has a report');
  const comparison = baseline && compareWith(baseline, report, besideReport);
  if (flags.save !== undefined) {
    await saveRun(directory, { version: 1, name: flags.save, stack: identityOf(context), report });
  }
  await writeFiles(directory, flags, report, comparison);
  const missed = flags.objectives && missedObjectives(report.paths).length > 0;
  const failed = benchHasFailed(report) || missed || comparison?.verdict === 'fail';
  return {
    document: comparison === undefined ? report : { ...report, comparison },
    text: (colors) => formatBench(report, colors) + (comparison ? formatComparison(comparison, colors) : ''),
    exitCode: failed ? 1 : 0,
  };
}

/** Once, or until what is to be kept is settled and what is compared is clear; `--full` belongs to the first look alone. */
async function measureAsAsked(
  { arguments: named, progress, signal }: ActionContext,
  { measure, save }: BenchFlags,
  { targets, baseline }: { readonly targets: readonly BenchTarget[]; readonly baseline: SavedRun | undefined },
): Promise<readonly BenchReport[]> {
  const { clients, arrivals, ...again } = measure;
  return lookUntilClear(
    (doubtful) =>
      runInterleaved(
        { ...(doubtful === undefined ? measure : again), paths: doubtful ?? named, progress, signal },
        targets,
      ),
    ([report, beside]) => {
      if (report === undefined) return [];
      return [
        ...(baseline === undefined ? [] : doubtfulOf(compareWith(baseline, report, beside))),
        ...(save === undefined ? [] : unsettledOf(report)),
      ];
    },
  );
}

async function attachTarget(
  options: Parameters<typeof attachStack>[0],
  flags: Pick<BenchFlags, 'strict' | 'readFrom'>,
): Promise<BenchTarget> {
  const { readFrom } = flags;
  const attached = await attachStack(options);
  const engines = await loadEngines(engineNames.filter((name) => attached.engines.has(name)));
  // One that keeps no data is measured on what its paths bring.
  const loaded = engines
    .filter(({ data }) => data !== undefined)
    .map((engine) => attached.state.engines[engine.name]?.dataset);
  // Answers are compared with none where nobody keeps any.
  if (loaded.length === 0) return { engines, running: attached.engines, dataset: undefined, readFrom };
  const [known] = loaded;
  if (known === undefined || loaded.some((other) => other?.fingerprint !== known.fingerprint)) throw noDataset();
  if (known.size === 'files') throw rowsOfFiles();
  const dataset = createDataset({ size: known.size, seed: known.seed });
  // Differences of a load that no check has passed are no use of the stack.
  const strict = flags.strict || engines.some(({ name }) => attached.state.unchecked?.includes(name));
  return { engines, running: attached.engines, dataset, strict, readFrom, directory: attached.identity.directory };
}

/** Servers that the sandbox did not start; refuses before anything is run where one lacks what a path needs. */
async function targetByUrl(context: ActionContext, flags: BenchFlags): Promise<BenchTarget> {
  const servers = await parseUrls(flags.urls);
  const { size = 'small', seed } = stackOptionsOf(context);
  if (size === 'none') throw badOption('--size none: a dataset is what answers are compared with.', 'Leave it out.');
  const { strict, readFrom } = flags;
  const target = await externalTarget(servers, {
    dataset: createDataset({ size, ...withoutUndefined({ seed }) }),
    confirmedWrites: flags.confirmedWrites,
    directory: context.settings.directory,
  });
  await refuseMissing({ ...target, readFrom }, context.arguments);
  return { ...target, strict, readFrom };
}

/** The stack that the saved run was measured on, where that is another one and runs. */
async function targetBeside(
  context: ActionContext,
  { name, stack }: SavedRun,
  flags: BenchFlags,
): Promise<BenchTarget | undefined> {
  const own = identityOf(context);
  if (stack.directory === own.directory && stack.name === own.name) return undefined;
  try {
    return await attachTarget({ ...stack, ...chosenEngines(context) }, flags);
  } catch (thrown) {
    const why = `The stack of \`${name}\` cannot be measured beside this one, so its saved figures are used.`;
    notice(context.progress, 'warning', `${why} ${messageOf(thrown)}`);
    return undefined;
  }
}

function compareWith(baseline: SavedRun, report: BenchReport, beside: BenchReport | undefined): Comparison {
  const before = { name: baseline.name, report: beside ?? baseline.report, saved: baseline.report };
  const pairing = beside === undefined ? 'by-reference' : 'interleaved';
  return compareReports(before, { name: 'now', report }, pairing);
}

/** Files beside the output: a page, and a summary that a pull request can show. */
async function writeFiles(
  directory: string,
  flags: BenchFlags,
  report: BenchReport,
  comparison: Comparison | undefined,
): Promise<void> {
  const files = [
    [flags.html, () => formatBenchPage(report, comparison)],
    [flags.summary, () => formatBenchSummary(report, comparison)],
  ] as const;
  for (const [path, format] of files) {
    if (path === undefined) continue;
    await writePrivateFile(resolve(directory, path), format());
  }
}

function noDataset(): SandboxError {
  return new SandboxError({
    code: 'DATASET_DIFFERENT',
    message: 'The engines do not hold one dataset: answers could not be checked.',
    next: 'Load it: `npm run sandbox -- seed`.',
  });
}

function rowsOfFiles(): SandboxError {
  return new SandboxError({
    code: 'DATASET_DIFFERENT',
    message: 'The engines hold rows from files: the answers to the questions of the query paths are not known.',
    next: '`npm run sandbox -- seed --reset` loads the dataset, and DELETES what was added or changed.',
  });
}
