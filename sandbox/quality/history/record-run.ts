import { messageOf } from '../../core/errors.ts';
import { notice, type ProgressListener, silent } from '../../core/progress.ts';
import { publishMetrics } from '../../stack/state/published-metrics.ts';
import { qualityHistories } from '../../stack/state/quality-histories.ts';
import { ensureStackFolder, stackFolder } from '../../stack/state/stack-folder.ts';
import { type StackIdentity, stackIdentity } from '../../stack/state/stack-identity.ts';
import { ensureStateDirectory } from '../../stack/state/state-directory.ts';
import type { QualityTarget } from '../run/quality-target.ts';
import type { QualityReport } from '../run/report.ts';
import type { QualityOptions } from '../target.ts';
import { ofContractsThere } from './contracts-there.ts';
import { appendRun, readRuns } from './history-file.ts';
import { qualityMetrics } from './metrics.ts';
import { recordedRunOf } from './recorded-run.ts';
import { contractsOf, historyFile } from './subject.ts';

/** Writes a run down. What it has found is told all the same where that fails: then a warning says so. */
export async function recordRun(
  options: QualityOptions,
  report: QualityReport,
  { isWhole }: { readonly isWhole: boolean } = { isWhole: isWholeRun(options) },
): Promise<void> {
  const { servers = [], progress = silent } = options;
  const { directory, name } = stackIdentity(options);
  await orWarn(progress, 'The run is not in the history', async () => {
    await (servers.length === 0 ? ensureStackFolder(directory, name) : ensureStateDirectory(directory));
    await appendRun(await historyFile(options), recordedRunOf(report, { contracts: contractsOf(options), isWhole }));
  });
}

/** Has monitoring know what is known of a stack's checks by now. Where it cannot be told, a warning says so. */
export async function publishRuns(identity: StackIdentity, progress: ProgressListener = silent): Promise<void> {
  await orWarn(progress, 'Monitoring is not told of the run', async () => {
    const { directory, name } = identity;
    const files = await qualityHistories(await stackFolder(directory, name), name);
    const read = await Promise.all(files.toSorted().map(readRuns));
    const histories = await ofContractsThere(read.map(({ runs }) => runs));
    await publishMetrics(identity, { name: 'quality', content: qualityMetrics(histories) });
  });
}

/** Whether every check was meant. With an engine left out it was not: what was known of that one stays, and grows old. */
export function isWholeRun(
  { names = [], costs, engines }: QualityOptions,
  { leftOut = [] }: Pick<QualityTarget, 'leftOut'> = {},
): boolean {
  return names.length === 0 && costs === undefined && engines === undefined && leftOut.length === 0;
}

async function orWarn(progress: ProgressListener, what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (thrown) {
    notice(progress, 'warning', `${what}: ${messageOf(thrown)}.`);
  }
}
