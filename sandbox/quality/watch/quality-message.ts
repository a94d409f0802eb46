import { now } from '../../core/clock.ts';
import type { ErrorCode } from '../../core/errors.ts';
import type { WebhookMessage } from '../../unattended/webhook.ts';
import { hasFailed, type QualityReport, type QualitySummary } from '../run/report.ts';

/** What somebody who watches over quality is told: names of checks, and no id of what they found. */
export interface QualityMessage extends WebhookMessage {
  /** Null where the run failed altogether. */
  readonly summary: QualitySummary | null;
  /** Checks that failed or that nobody could decide, at most 20. */
  readonly checks: readonly string[];
}

const checksMax = 20;

/** Message of a run. Warnings alone are a success, as they are for the exit code. */
export function runMessage({ results, summary, durationMs }: QualityReport): QualityMessage {
  const wrong = results.filter(({ verdict }) => verdict === 'fail' || verdict === 'unknown');
  const counts = [
    [summary.errors, 'errors'],
    [summary.warnings, 'warnings'],
    [summary.unknown, 'unknown'],
  ] as const;
  const said = counts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  return {
    text: `Quality checks: ${[...said, `${summary.pass} pass`].join(', ')}`,
    timestamp: now().toISOString(),
    status: hasFailed(summary) ? 'failure' : 'success',
    summary,
    checks: wrong.slice(0, checksMax).map(({ check }) => check),
    durationMs,
    errorCode: null,
  };
}

/** Message of a run that failed altogether. The error's own text is not sent: it may name what others need not know. */
export function failedRunMessage(errorCode: ErrorCode, durationMs: number): QualityMessage {
  const text = `Quality checks did not run: ${errorCode}`;
  const timestamp = now().toISOString();
  return { text, timestamp, status: 'failure', summary: null, checks: [], durationMs, errorCode };
}
