import { deadlineMs } from '../core/deadlines.ts';
import { environmentFlag } from '../core/process/environment-flag.ts';
import type { EngineName } from '../engines/engine-names.ts';
import { type InsightOptions, thresholdsOf } from './insight/findings.ts';

/** How stores are kept apart, by engine; those of others as is their default. */
export type IsolationChoice = Readonly<Partial<Record<EngineName, string>>>;

/** What a harness does with the leases of one process. */
export interface LeaseSettings {
  /**
   * How long a lease waits for its stores, all together, in milliseconds. Default: the deadline `lease`, 120,000: who asks for
   * an engine first waits until its pool is open too.
   */
  readonly waitMs?: number;
  /** How many failed tests keep their stores, so that somebody can look; the oldest is given up. Default: 3; 0: none. */
  readonly keepFailed?: number;
  /** For how long they do, in milliseconds. Default: 3,600,000, an hour. */
  readonly keepFailedForMs?: number;
  /** Whether every store is verified after its reset. Default: where `SANDBOX_VERIFY_ISOLATION` is `1`. */
  readonly verify?: boolean;
  /**
   * Whether the queries of a lease are looked at: which are slow, which no index helps, and which are repeated (N+1).
   * Default: where `SANDBOX_QUERY_INSIGHT` is `1`. Options say from when on.
   */
  readonly insight?: boolean | InsightOptions;
  /**
   * How stores are kept apart, by engine, where that is not to be its default: `{ redis: 'server' }`. What there is to choose from,
   * and what each lets through, is in `docs/testing.md`.
   */
  readonly isolation?: IsolationChoice;
}

/** {@link LeaseSettings} with every default in its place. */
export interface SettledLeaseSettings extends Required<Omit<LeaseSettings, 'insight' | 'isolation'>> {
  /** Absent: nobody looks at queries. */
  readonly insight?: Required<InsightOptions>;
}

const anHourMs = 3_600_000;

/** Throws `BAD_OPTION` for a variable that is neither on nor off. */
export function settingsOf(settings: LeaseSettings): SettledLeaseSettings {
  const { waitMs, keepFailed, keepFailedForMs, verify, insight } = settings;
  const asked = insight ?? environmentFlag('SANDBOX_QUERY_INSIGHT');
  return {
    waitMs: waitMs ?? deadlineMs('lease'),
    keepFailed: keepFailed ?? 3,
    keepFailedForMs: keepFailedForMs ?? anHourMs,
    verify: verify ?? environmentFlag('SANDBOX_VERIFY_ISOLATION'),
    ...(asked === false ? {} : { insight: thresholdsOf(asked === true ? {} : asked) }),
  };
}
