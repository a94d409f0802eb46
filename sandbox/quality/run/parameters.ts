import type { QualityParameters } from '../../engines/contract/quality.ts';
import type { Contract } from '../contracts/contract.ts';

const dayMs = 86_400_000;

/** What is too old is told a day later: whoever removes it may run once a day. */
const graceDays = 1;

/** The dataset comes with this much that a cleanup has not removed yet (`createdNearCleanup` of the seeds). */
const backlogDays = 30;

/** A row may be this much ahead of our clock. One that is further ahead would be the newest for as long: it says nothing of freshness. */
const clocksApartDays = 1;

/** When a run looks, and the moment that the loaded dataset stands still at; absent where other data is there. */
export interface Moments {
  readonly now: Date;
  readonly seededAt?: Date;
}

/**
 * Values that every query may name. Rows no newer than `seeded` are those of the dataset, and are judged as if it were that
 * moment; everything else is judged by the clock. Without a dataset `seeded` is 1970, and nothing is older.
 */
export function parametersOf(
  { retentionDays, freshnessDays }: Contract,
  { now, seededAt }: Moments,
): QualityParameters {
  const seeded = seededAt ?? new Date(0);
  const daysBefore = (moment: Date, days: number) => new Date(moment.getTime() - days * dayMs);
  return {
    now,
    seeded,
    ...(retentionDays === undefined
      ? {}
      : {
          overdue: daysBefore(now, retentionDays + graceDays),
          seededOverdue: daysBefore(seeded, retentionDays + backlogDays),
        }),
    ...(freshnessDays === undefined
      ? {}
      : {
          stale: daysBefore(now, freshnessDays),
          seededStale: daysBefore(seeded, freshnessDays),
          latest: new Date(Math.max(now.getTime(), seeded.getTime()) + clocksApartDays * dayMs),
        }),
  };
}
