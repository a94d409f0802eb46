import { deadlineMs } from '../core/deadlines.ts';

/** What a harness does with the leases of one process. */
export interface LeaseSettings {
  /**
   * How long a lease is waited for, in milliseconds. Default: the deadline `lease`, 120,000: who asks for an engine first
   * waits until its pool is open too.
   */
  readonly waitMs?: number;
  /** How many failed tests keep their stores, so that somebody can look; the oldest is given up. Default: 3; 0: none. */
  readonly keepFailed?: number;
  /** For how long they do, in milliseconds. Default: 3,600,000, an hour. */
  readonly keepFailedForMs?: number;
  /** Whether every store is verified after its reset. Default: where `SANDBOX_VERIFY_ISOLATION` is `1`. */
  readonly verify?: boolean;
}

const anHourMs = 3_600_000;

/** With every default in its place. */
export function settingsOf({ waitMs, keepFailed, keepFailedForMs, verify }: LeaseSettings): Required<LeaseSettings> {
  return {
    waitMs: waitMs ?? deadlineMs('lease'),
    keepFailed: keepFailed ?? 3,
    keepFailedForMs: keepFailedForMs ?? anHourMs,
    verify: verify ?? process.env.SANDBOX_VERIFY_ISOLATION === '1',
  };
}
