import type { ProgressListener } from '../../core/progress.ts';
import { type Clock, runOnSchedule, type Schedule, systemClock } from '../../unattended/schedule.ts';
import type { QualityReport } from '../run/report.ts';
import { retryingSchedule } from './retrying-schedule.ts';

export interface WatchOptions {
  /** When all checks run, after the first run, which is at once. */
  readonly times: Schedule;
  /** Runs these checks, or all that are meant where none is named. */
  readonly run: (names: readonly string[]) => Promise<QualityReport>;
  readonly signal: AbortSignal;
  readonly progress: ProgressListener;
  readonly clock?: Clock;
}

/**
 * Runs checks until the signal ends it, which then rejects. Those that a run could not decide are tried again alone, and
 * so is a run that failed altogether, as {@link retryingSchedule} has it.
 */
export async function watchChecks({ times, run, signal, progress, clock = systemClock }: WatchOptions): Promise<never> {
  const { schedule, begin, end } = retryingSchedule(times);
  const work = async () => {
    const names = begin(clock.now());
    let again: readonly string[] | undefined = names;
    try {
      again = undecidedOf(await run(names));
    } finally {
      end(clock.now(), again);
    }
  };
  return runOnSchedule(schedule, work, { what: 'quality run', signal, progress, clock });
}

/** Names by which those checks can be asked again: all across stores have one. */
function undecidedOf({ results }: QualityReport): readonly string[] | undefined {
  const checks = results.filter(({ verdict }) => verdict === 'unknown').map(({ check }) => check);
  if (checks.length === 0) return undefined;
  return [...new Set(checks.map((check) => (check.startsWith('cross-store.') ? 'cross-store' : check)))];
}
