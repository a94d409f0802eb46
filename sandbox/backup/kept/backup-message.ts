import { now } from '../../core/clock.ts';
import type { ErrorCode } from '../../core/errors.ts';
import type { WebhookMessage } from '../../unattended/webhook.ts';

/** What somebody who watches over backups is told. */
export interface BackupMessage extends WebhookMessage {
  /** Name of the archive; null where there is none. */
  readonly archive: string | null;
  readonly sizeBytes: number | null;
}

/** Message of a backup that ended well, with the nodes that were down meanwhile. */
export function successMessage(
  archive: string,
  sizeBytes: number,
  durationMs: number,
  nodesDown: readonly string[] = [],
): BackupMessage {
  const without = nodesDown.length === 0 ? '' : `. Down: ${nodesDown.join(', ')}`;
  const text = `Backup complete: ${archive}${without}`;
  const timestamp = now().toISOString();
  return { text, timestamp, status: 'success', archive, sizeBytes, durationMs, errorCode: null };
}

/** Message of a backup that failed. The error's own text is not sent: it may name what others need not know. */
export function failureMessage(errorCode: ErrorCode, durationMs: number): BackupMessage {
  const text = `Backup failed: ${errorCode}`;
  const timestamp = now().toISOString();
  return { text, timestamp, status: 'failure', archive: null, sizeBytes: null, durationMs, errorCode };
}
