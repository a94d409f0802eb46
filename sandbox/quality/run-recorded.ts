import { deadlineMs } from '../core/deadlines.ts';
import { SandboxError } from '../core/errors.ts';
import { stackIdentity } from '../stack/state/stack-identity.ts';
import { withHeldLock } from '../unattended/held-lock.ts';
import { publishRuns, recordRun } from './history/record-run.ts';
import type { QualityReport } from './run/report.ts';
import { runChecks } from './run/run-checks.ts';
import { type QualityOptions, qualityTarget } from './target.ts';
import { unreachableReport, whyUnreachable } from './watch/unreachable-stack.ts';

/**
 * Runs checks, and puts what they found into the history and, of a stack, before its monitoring. Another run on the stack
 * is waited for. Throws what {@link qualityTarget} throws, and `QUALITY_BUSY`.
 */
export async function runRecorded(options: QualityOptions): Promise<QualityReport> {
  return alone(options, async () => runChecks(await qualityTarget(options)));
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
      return unknown;
    };
    return alone(options, report, { isWhole: false });
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

async function alone(
  options: QualityOptions,
  work: () => Promise<QualityReport>,
  meant?: { readonly isWhole: boolean },
): Promise<QualityReport> {
  const stack = stackIdentity(options);
  const { signal, progress, servers = [] } = options;
  const lock = { stack, extension: 'quality-lock', what: 'run of quality checks', code: 'QUALITY_BUSY' } as const;
  return withHeldLock({ ...lock, waitMs: deadlineMs('qualityRun'), signal }, async () => {
    const report = await work();
    await recordRun(options, report, meant);
    // Nobody watches servers that are somebody's own.
    if (servers.length === 0) await publishRuns(stack, progress);
    return report;
  });
}
