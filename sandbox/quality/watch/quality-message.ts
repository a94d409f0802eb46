import { now } from '../../core/clock.ts';
import type { ErrorCode } from '../../core/errors.ts';
import { countOf } from '../../core/text/format-count.ts';
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
  const { errors, warnings, unknown, notRun } = summary;
  const said = [
    ...(errors === 0 ? [] : [countOf(errors, 'error')]),
    ...(warnings === 0 ? [] : [countOf(warnings, 'warning')]),
    ...(unknown === 0 ? [] : [`${unknown} unknown`]),
    ...(notRun === 0 ? [] : [`${notRun} not run`]),
  ];
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
