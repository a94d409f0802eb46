import { now } from '../../core/clock.ts';
import type { ErrorCode } from '../../core/errors.ts';
import type { WebhookMessage } from '../../unattended/webhook.ts';

/** What somebody who watches over backups is told. */
export interface BackupMessage extends WebhookMessage {
  /** Name of the archive; null where there is none. */
  readonly archive: string | null;
  readonly sizeBytes: number | null;
}

/** Message of a backup that ended well. */
export function successMessage(archive: string, sizeBytes: number, durationMs: number): BackupMessage {
  const text = `Backup complete: ${archive}`;
  const timestamp = now().toISOString();
  return { text, timestamp, status: 'success', archive, sizeBytes, durationMs, errorCode: null };
}

/** Message of a backup that failed. The error's own text is not sent: it may name what others need not know. */
export function failureMessage(errorCode: ErrorCode, durationMs: number): BackupMessage {
  const text = `Backup failed: ${errorCode}`;
  const timestamp = now().toISOString();
  return { text, timestamp, status: 'failure', archive: null, sizeBytes: null, durationMs, errorCode };
}
