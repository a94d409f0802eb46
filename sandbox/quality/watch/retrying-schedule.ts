import type { Schedule } from '../../unattended/schedule.ts';

/** Times of runs, and between them those at which what nobody could decide is tried again. */
export interface RetryingSchedule {
  readonly schedule: Schedule;
  /** A run begins: the names of its checks, none where it is one of all. */
  readonly begin: (now: Date) => readonly string[];
  /** It has ended: what is to be tried again, if anything is. An empty list stands for all. */
  readonly end: (now: Date, again: readonly string[] | undefined) => void;
}

const firstPauseMs = 300_000;
const longestPauseMs = 3_600_000;

/**
 * The first run is at once, each further one at a time of `times`. What is to be tried again is so after 5 minutes, and
 * after twice as long each time, an hour at most; something that could be decided until now begins with 5 minutes again.
 */
export function retryingSchedule(times: Schedule): RetryingSchedule {
  let allAt: Date | undefined;
  let retry: { readonly at: Date; readonly names: readonly string[] } | undefined;
  let pauseMs = firstPauseMs;
  return {
    schedule: {
      text: times.text,
      next(after) {
        if (allAt === undefined) return after;
        const regular = times.next(after);
        return retry !== undefined && retry.at > after && retry.at < regular ? retry.at : regular;
      },
    },
    begin(now) {
      // One that is further away than the next is of a clock that was wrong.
      const isDue = allAt === undefined || now >= allAt || times.next(now) < allAt;
      const names = isDue ? [] : (retry?.names ?? []);
      if (names.length === 0) allAt = times.next(now);
      return names;
    },
    end(now, again) {
      const before = retry?.names;
      const isNew = before === undefined || again?.some((name) => !before.includes(name));
      pauseMs = again === undefined || isNew ? firstPauseMs : Math.min(pauseMs * 2, longestPauseMs);
      retry = again === undefined ? undefined : { at: new Date(now.getTime() + pauseMs), names: again };
    },
  };
}
