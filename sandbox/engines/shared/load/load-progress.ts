import type { TaskReport } from '../../../core/progress.ts';

/** Reports at most so often, in milliseconds: about what an eye can follow. */
const reportIntervalMs = 100;

/**
 * Counts rows of a load and reports them with their rate and the time that is left at that rate.
 * `before` rows were there when it began: they count as done, and for no rate.
 */
export function loadProgress(report: TaskReport, total: number, before = 0): (rows: number) => void {
  const beganMs = performance.now();
  let reportedMs = Number.NEGATIVE_INFINITY;
  let written = 0;
  return (rows) => {
    written += rows;
    const nowMs = performance.now();
    const done = before + written;
    if (nowMs - reportedMs < reportIntervalMs && done < total) return;
    reportedMs = nowMs;
    const ratePerS = (written / Math.max(nowMs - beganMs, 1)) * 1_000;
    const remainingMs = ratePerS > 0 ? ((total - done) / ratePerS) * 1_000 : undefined;
    report.advance({
      done,
      total,
      ratePerS: Math.round(ratePerS),
      ...(remainingMs === undefined ? {} : { remainingMs: Math.max(0, Math.round(remainingMs)) }),
    });
  };
}
