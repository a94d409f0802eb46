import { deadlineMs } from '../../core/deadlines.ts';

/** Aborted with `signal`, and once a migration has taken too long for anything but a hang. */
export function migrationSignal(signal: AbortSignal): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(deadlineMs('migration'))]);
}

/** Whether it was the time that ended it. */
export function isOverdue({ aborted, reason }: AbortSignal): boolean {
  return aborted && reason instanceof DOMException && reason.name === 'TimeoutError';
}

export function overdueReason(): string {
  return `it has not ended after ${deadlineMs('migration') / 1000} s. It may wait for a lock that another session has, or for an answer.`;
}
