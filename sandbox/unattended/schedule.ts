import { setTimeout as delay } from 'node:timers/promises';
import { Cron } from 'croner';
import { now, nowMs } from '../core/clock.ts';
import { messageOf, SandboxError } from '../core/errors.ts';
import { notice, type ProgressListener } from '../core/progress.ts';
import { withoutUndefined } from '../core/without-undefined.ts';

/** Times at which something is due. */
export interface Schedule {
  /** As it was given. */
  readonly text: string;
  /** The first time after a moment. */
  readonly next: (after: Date) => Date;
}

/** Time as the schedule sees it. */
export interface Clock {
  readonly now: () => Date;
  /** Returns once `now()` has reached the moment, or went back by hours; rejects as soon as the signal says so. */
  readonly waitUntil: (moment: Date, signal: AbortSignal) => Promise<void>;
}

/** A timer runs on while the machine sleeps or its clock is set: the clock is looked at this often. */
const lookEveryMs = 1_000;

/** Beginning later than this means that the machine slept or its clock was set. Timers are late by milliseconds. */
const lateMs = 60_000;

/**
 * A clock that goes back further than this was wrong before, as of a machine that woke with another time: whoever waited
 * for what it said then might wait for years. Corrections are of seconds.
 */
const wrongMs = 3_600_000;

export const systemClock: Clock = {
  now,
  async waitUntil(moment, signal) {
    for (let lastMs = nowMs(); ; ) {
      const seenMs = nowMs();
      const leftMs = moment.getTime() - seenMs;
      if (leftMs <= 0 || lastMs - seenMs > wrongMs) return;
      lastMs = seenMs;
      await delay(Math.min(leftMs, lookEveryMs), undefined, { signal }).catch(() => {});
      signal.throwIfAborted();
    }
  },
};

/**
 * Reads `HH:MM` (daily) or a cron expression of five fields, in the time zone of this machine (`TZ`) unless one is
 * named. On days on which clocks change, a time that is skipped comes as much later and one that comes twice counts once.
 * Throws `BAD_OPTION`.
 */
export function parseSchedule(text: string, timezone?: string): Schedule {
  const [, hour, minute] = /^(\d{1,2}):(\d\d)$/.exec(text.trim()) ?? [];
  const pattern = hour === undefined ? text : `${Number(minute)} ${Number(hour)} * * *`;
  const options = { paused: true, mode: '5-part', ...withoutUndefined({ timezone }) } as const;
  try {
    const cron = new Cron(pattern, options);
    if (cron.nextRun() === null) throw new Error('there is no such day');
    return { text, next: (after) => cron.nextRun(after) ?? never(text, 'it has ended') };
  } catch (thrown) {
    return never(text, messageOf(thrown));
  }
}

function never(text: string, reason: string): never {
  throw new SandboxError({
    code: 'BAD_OPTION',
    message: `${JSON.stringify(text)} is not a valid schedule: ${reason.replace(/^CronPattern: /, '').replace(/\.$/, '')}.`,
    next: "Give a time of day, --schedule 03:00, or five fields of cron, --schedule '0 3 * * 1-5'.",
  });
}

/**
 * Runs `work` at each time of the schedule until the signal ends it, which then rejects at once. One run at a time:
 * times that pass while one runs are left out, and said. A time that passed while the machine slept is made up for, once,
 * and said. A run that fails is said, and the next one comes at its time. A clock that is set back brings no time again,
 * unless it is by more than an hour: then it was wrong before.
 */
export async function runOnSchedule(
  schedule: Schedule,
  work: (signal: AbortSignal) => Promise<void>,
  options: {
    /** What one run is called, for people: `backup`. */
    readonly what: string;
    readonly signal: AbortSignal;
    readonly progress: ProgressListener;
    readonly clock?: Clock;
  },
): Promise<never> {
  const { what, signal, progress, clock = systemClock } = options;
  let after = clock.now();
  for (;;) {
    signal.throwIfAborted();
    const due = schedule.next(after);
    notice(progress, 'info', `The next ${what} is at ${due.toISOString()}.`);
    await clock.waitUntil(due, signal);
    signal.throwIfAborted();
    const lateness = clock.now().getTime() - due.getTime();
    if (lateness < 0) {
      notice(progress, 'warning', `The clock went back to ${clock.now().toISOString()}: times are those after it.`);
      after = clock.now();
      continue;
    }
    if (lateness > lateMs) {
      notice(
        progress,
        'warning',
        `The ${what} of ${due.toISOString()} was missed by ${inWords(lateness)}; it is made now.`,
      );
    }
    const beganAt = clock.now();
    try {
      await work(signal);
    } catch (thrown) {
      signal.throwIfAborted();
      notice(progress, 'warning', `The ${what} of ${due.toISOString()} failed: ${describe(thrown)}`);
    }
    const endedAt = clock.now();
    const leftOut = countBetween(schedule, beganAt, endedAt);
    if (leftOut > 0) {
      const those = leftOut === 1 ? `1 ${what} was` : `${leftOut} ${what}s were`;
      notice(
        progress,
        'warning',
        `${those} left out: the one of ${due.toISOString()} took ${inWords(endedAt.getTime() - beganAt.getTime())}.`,
      );
    }
    // A clock that was set back must not bring a time again, and one that was wrong before is right now.
    after = endedAt < due && due.getTime() - endedAt.getTime() <= wrongMs ? due : endedAt;
  }
}

function countBetween(schedule: Schedule, from: Date, to: Date): number {
  let count = 0;
  for (let due = schedule.next(from); due <= to && count < 1_000; due = schedule.next(due)) count += 1;
  return count;
}

function describe(thrown: unknown): string {
  return thrown instanceof SandboxError ? `${thrown.code}: ${thrown.message}` : messageOf(thrown);
}

function inWords(durationMs: number): string {
  const minutes = Math.round(durationMs / 60_000);
  return minutes < 120 ? `${minutes} minutes` : `${Math.round(minutes / 60)} hours`;
}
