import { messageOf } from '../../core/errors.ts';
import { notice, type ProgressListener, silent } from '../../core/progress.ts';
import { ensureStackFolder } from '../../stack/state/stack-folder.ts';
import { stackIdentity } from '../../stack/state/stack-identity.ts';
import { ensureStateDirectory } from '../../stack/state/state-directory.ts';
import type { QualityReport } from '../run/report.ts';
import type { QualityOptions } from '../target.ts';
import { appendRun } from './history-file.ts';
import { recordedRunOf } from './recorded-run.ts';
import { contractsOf, historyFile } from './subject.ts';

/** Writes a run down. What it has found is told all the same where that fails: then a warning says so. */
export async function recordRun(options: QualityOptions, report: QualityReport): Promise<void> {
  const { names = [], costs, engines, servers = [], progress = silent } = options;
  const { directory, name } = stackIdentity(options);
  await orWarn(progress, 'The run is not in the history', async () => {
    await (servers.length > 0 ? ensureStateDirectory(directory) : ensureStackFolder(directory, name));
    const isWhole = names.length === 0 && costs === undefined && engines === undefined;
    await appendRun(await historyFile(options), recordedRunOf(report, { contracts: contractsOf(options), isWhole }));
  });
}

async function orWarn(progress: ProgressListener, what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (thrown) {
    notice(progress, 'warning', `${what}: ${messageOf(thrown)}.`);
  }
}
