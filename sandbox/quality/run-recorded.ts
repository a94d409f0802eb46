import { stackIdentity } from '../stack/state/stack-identity.ts';
import { publishRuns, recordRun } from './history/record-run.ts';
import type { QualityReport } from './run/report.ts';
import { runChecks } from './run/run-checks.ts';
import { type QualityOptions, qualityTarget } from './target.ts';

/** Runs checks, and puts what they found into the history and, of a stack, before its monitoring. Throws what {@link qualityTarget} throws. */
export async function runRecorded(options: QualityOptions): Promise<QualityReport> {
  const report = await runChecks(await qualityTarget(options));
  await recordRun(options, report);
  // Nobody watches servers that are somebody's own.
  if ((options.servers ?? []).length === 0) await publishRuns(stackIdentity(options), options.progress);
  return report;
}
