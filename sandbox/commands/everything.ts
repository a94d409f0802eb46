import { join } from 'node:path';
import type { BenchReport } from '../../bench/results.ts';
import { runBenchmarks } from '../../bench/run-benchmarks.ts';
import { runSuites } from '../../scenarios/run-suites.ts';
import { createDataset } from '../../seeds/create-dataset.ts';
import type { Dataset } from '../../seeds/dataset.ts';
import { now } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import { writePrivateFile } from '../core/files/private-files.ts';
import { describeMachine } from '../core/process/machine.ts';
import { notice, runTask } from '../core/progress.ts';
import { withoutUndefined } from '../core/without-undefined.ts';
import type { CrossStoreReport } from '../cross-store/check-across-stores.ts';
import { checkUsedStores } from '../cross-store/check-used-stores.ts';
import { loadEngines } from '../engines/load-engines.ts';
import { benchHasFailed } from '../report/bench/bench-text.ts';
import { formatReportPage } from '../report/report-page.ts';
import { formatReport } from '../report/report-text.ts';
import { hasFailed } from '../report/scenarios-text.ts';
import type { SandboxReport } from '../report/shapes.ts';
import { stackStatus } from '../stack/attach/stack-status.ts';
import { ensureStateDirectory } from '../stack/state/state-directory.ts';
import { watchAgain } from './monitor.ts';
import { identityOf, stackOptionsOf } from './options/stack-options.ts';
import type { Action, ActionContext } from './run-action.ts';
import { suitesOptionsOf } from './scenarios.ts';
import { type BroughtUp, bringUp } from './stack/bring-up.ts';

/** All paths within half a minute on two cores: plans and answers, and a first look at the latencies. */
const quickMeasure = { warmUpMs: 40, measureMs: 240 } as const;

/** The main job: the stack up and seeded, the stores checked, suites run, query paths measured, one report. */
export const everything: Action = async (context) => {
  const startedAt = now();
  const beganMs = performance.now();
  const suites = suitesOptionsOf(context);
  const brought = await bringUp(context);
  if (brought.wasWatched) await watchAgain(context);
  const { size = 'small', seed } = stackOptionsOf(context);
  const dataset = size === 'none' ? undefined : createDataset({ size, ...withoutUndefined({ seed }) });
  const crossStore = await check(context, brought, dataset);
  const scenarios = await runSuites({ ...suites, suites: [], depth: 'quick' });
  const bench = await measure(context, brought, dataset);
  const report: SandboxReport = {
    version: 1,
    startedAt: startedAt.toISOString(),
    durationMs: Math.round(performance.now() - beganMs),
    verdict: brought.schemaGaps.length > 0 ? 'fail' : verdictOf(crossStore, scenarios.summary, bench),
    machine: describeMachine(),
    status: await stackStatus(identityOf(context)),
    startup: brought.startup,
    dataset: dataset === undefined ? undefined : await describe(dataset),
    crossStore,
    schemaGaps: brought.schemaGaps,
    scenarios,
    bench,
  };
  const files = await writeReport(context.settings.directory, report).catch((thrown) => {
    // A checkout that is read-only is no reason to lose what was found.
    notice(context.progress, 'warning', `The report is in no file: ${messageOf(thrown)}`);
    return [];
  });
  return {
    document: report,
    text: (colors) => formatReport(report, files, colors),
    exitCode: report.verdict === 'pass' ? 0 : 1,
  };
};

async function check(
  { progress, flags, settings }: ActionContext,
  { engines: running, crossStore }: BroughtUp,
  dataset: Dataset | undefined,
): Promise<CrossStoreReport | undefined> {
  const strict = flags.strict === true;
  // Checked already: what was loaded just now, and what was there beside it unless that is to be as strict.
  if (dataset === undefined || (crossStore !== undefined && !(strict && crossStore.changes))) return crossStore;
  const names = [...running.keys()] as Parameters<typeof loadEngines>[0];
  const engines = await loadEngines(names.filter((name) => settings.migrations[name]?.platformSchema !== false));
  return runTask(progress, ['check across stores'], () => checkUsedStores(engines, running, dataset, { strict }));
}

async function measure(
  { progress, signal, flags }: ActionContext,
  { engines: running }: BroughtUp,
  dataset: Dataset | undefined,
): Promise<BenchReport | undefined> {
  if (dataset === undefined) return undefined;
  const engines = await loadEngines([...running.keys()] as Parameters<typeof loadEngines>[0]);
  const strict = flags.strict === true;
  return runBenchmarks({ engines, running, dataset, strict, progress, signal, ...quickMeasure });
}

function verdictOf(
  crossStore: CrossStoreReport | undefined,
  summary: SandboxReport['scenarios']['summary'],
  bench: BenchReport | undefined,
): SandboxReport['verdict'] {
  const failed = summary.fail > 0 || crossStore?.ok === false || (bench !== undefined && benchHasFailed(bench));
  if (failed) return 'fail';
  return hasFailed(summary) ? 'unknown' : 'pass';
}

async function describe({ size, seed, counts, fingerprint }: Dataset): Promise<SandboxReport['dataset']> {
  return { size, seed, counts, fingerprint: await fingerprint() };
}

/** Paths of the report as JSON and as a page. */
async function writeReport(directory: string, report: SandboxReport): Promise<readonly string[]> {
  const folder = await ensureStateDirectory(directory);
  const files = { 'report.json': JSON.stringify(report, undefined, 2), 'report.html': formatReportPage(report) };
  await Promise.all(Object.entries(files).map(([name, content]) => writePrivateFile(join(folder, name), content)));
  return Object.keys(files).map((name) => join(folder, name));
}
