import type { Clock } from '../../../sandbox/unattended/schedule.ts';

/** A clock that stands still but for what it is told. */
export interface TestClock extends Clock {
  set(moment: Date): void;
  pass(durationMs: number): void;
}

/** `late`: how much later than asked each waiting ends, one after the other. */
export function clockAt(start: string, late: readonly number[] = []): TestClock {
  let nowMs = Date.parse(start);
  const rest = [...late];
  return {
    now: () => new Date(nowMs),
    waitUntil: async (moment, signal) => {
      signal.throwIfAborted();
      nowMs = Math.max(nowMs, moment.getTime()) + (rest.shift() ?? 0);
    },
    set: (moment) => {
      nowMs = moment.getTime();
    },
    pass: (durationMs) => {
      nowMs += durationMs;
    },
  };
}
