import { deadlineMs } from '../core/deadlines.ts';
import { SandboxError } from '../core/errors.ts';
import { notice, silent } from '../core/progress.ts';
import { stackIdentity } from '../stack/state/stack-identity.ts';
import { withHeldLock } from '../unattended/held-lock.ts';
import { isWholeRun, publishRuns, recordRun } from './history/record-run.ts';
import type { QualityTarget } from './run/quality-target.ts';
import type { QualityReport } from './run/report.ts';
import { runChecks } from './run/run-checks.ts';
import { type QualityOptions, qualityTarget } from './target.ts';
import { unreachableReport, whyUnreachable } from './watch/unreachable-stack.ts';

/**
 * Runs checks, and puts what they found into the history and, of a stack, before its monitoring. Another run on the stack
 * is waited for. Throws what {@link qualityTarget} throws, and `QUALITY_BUSY`.
 */
export async function runRecorded(options: QualityOptions): Promise<QualityReport> {
  return alone(options, async () => {
    const target = await qualityTarget(options);
    sayLeftOut(target);
    return { report: await runChecks(target), isWhole: isWholeRun(options, target) };
  });
}

/** {@link runRecorded} where a stack that is down is no error: each of its checks is `unknown` then. */
export async function runUnattended(options: QualityOptions): Promise<QualityReport> {
  return runRecorded(options).catch((thrown) => {
    const reason = whyUnreachable(thrown);
    if (reason === undefined) throw thrown;
    // Differences between stores are none of these checks, and are not gone for that.
    const report = async () => {
      const unknown = await unreachableReport(options, reason);
      // Where nothing else was meant, nothing that is known is no success.
      if (unknown.results.length === 0) throw thrown;
      return { report: unknown, isWhole: false };
    };
    return alone(options, report);
  });
}

/**
 * {@link runUnattended} of checks that an earlier run could not decide; of all that are meant where one of them is gone
 * meanwhile, as with a stack that came back with other engines.
 */
export async function runAgain(options: QualityOptions, names: readonly string[]): Promise<QualityReport> {
  return runUnattended({ ...options, names }).catch((thrown) => {
    if (!(thrown instanceof SandboxError) || thrown.code !== 'BAD_OPTION') throw thrown;
    return runUnattended(options);
  });
}

/** An engine that was not started again is not asked: it is nobody's fault, and is no pass. */
function sayLeftOut({ leftOut = [], progress = silent }: QualityTarget): void {
  if (leftOut.length === 0) return;
  const names = leftOut.map(({ title }) => title).join(', ');
  notice(progress, 'warning', `Not asked, for it was not started with the stack: ${names}. \`up\` starts it.`);
}

async function alone(
  options: QualityOptions,
  work: () => Promise<{ readonly report: QualityReport; readonly isWhole: boolean }>,
): Promise<QualityReport> {
  const stack = stackIdentity(options);
  const { signal, progress, servers = [] } = options;
  const lock = { stack, extension: 'quality-lock', what: 'run of quality checks', code: 'QUALITY_BUSY' } as const;
  return withHeldLock({ ...lock, waitMs: deadlineMs('qualityRun'), progress, signal }, async () => {
    const { report, isWhole } = await work();
    await recordRun(options, report, { isWhole });
    // Nobody watches servers that are somebody's own.
    if (servers.length === 0) await publishRuns(stack, progress);
    return report;
  });
}
