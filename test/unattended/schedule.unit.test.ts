import { afterEach, describe, expect, test, vi } from 'vitest';
import { SandboxError } from '../../sandbox/core/errors.ts';
import { parseSchedule, runOnSchedule, systemClock } from '../../sandbox/unattended/schedule.ts';
import { noticesOf, recorder } from '../containers/support/tiny-images.ts';
import { clockAt, type TestClock } from './support/test-clock.ts';

/** Runs a schedule until that many runs have been made; times at which they began, and what was said. */
async function runs(
  text: string,
  count: number,
  clock: TestClock,
  work: (run: number) => void | Promise<void> = () => {},
  timezone = 'UTC',
) {
  const abort = new AbortController();
  const began: string[] = [];
  const { events, progress } = recorder();
  const running = runOnSchedule(
    parseSchedule(text, timezone),
    async () => {
      began.push(clock.now().toISOString());
      if (began.length === count) abort.abort(new Error('enough'));
      await work(began.length);
    },
    { what: 'backup', signal: abort.signal, progress, clock },
  );
  await expect(running).rejects.toThrow('enough');
  const warnings = events.filter((event) => event.kind === 'notice' && event.level === 'warning');
  return { began, warnings: noticesOf(warnings), notices: noticesOf(events) };
}

afterEach(() => vi.unstubAllEnvs());

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

describe('a schedule', () => {
  test('of a time of day runs once a day, and says when', async () => {
    const { began, warnings, notices } = await runs('03:00', 3, clockAt('2026-11-24T12:00:00Z'));
    expect(began).toEqual(['2026-11-25T03:00:00.000Z', '2026-11-26T03:00:00.000Z', '2026-11-27T03:00:00.000Z']);
    expect(warnings).toEqual([]);
    expect(notices[0]).toBe('The next backup is at 2026-11-25T03:00:00.000Z.');
  });

  test('of a cron expression runs as it says', async () => {
    const { began } = await runs('30 2 * * 1-5', 3, clockAt('2026-11-26T12:00:00Z'));
    expect(began).toEqual(['2026-11-27T02:30:00.000Z', '2026-11-30T02:30:00.000Z', '2026-12-01T02:30:00.000Z']);
  });

  test('runs once on every day of a year, those on which clocks change too', async () => {
    // In Berlin 02:30 does not exist on 29 March, and comes twice on 25 October.
    const { began } = await runs('02:30', 365, clockAt('2026-01-01T12:00:00Z'), undefined, 'Europe/Berlin');
    const format = new Intl.DateTimeFormat('sv', { timeZone: 'Europe/Berlin', dateStyle: 'short', timeStyle: 'short' });
    const local = began.map((moment) => format.format(new Date(moment)));
    expect(new Set(local.map((moment) => moment.slice(0, 10))).size).toBe(365);
    expect(local.filter((moment) => !moment.endsWith('02:30'))).toEqual(['2026-03-29 03:00']);
  });

  test('says which times it left out because a run took too long', async () => {
    const clock = clockAt('2026-11-24T12:00:30Z');
    const { began, warnings } = await runs('*/10 * * * *', 2, clock, (run) => {
      if (run === 1) clock.pass(25 * minuteMs);
    });
    expect(began).toEqual(['2026-11-24T12:10:00.000Z', '2026-11-24T12:40:00.000Z']);
    expect(warnings).toEqual(['2 backups were left out: the one of 2026-11-24T12:10:00.000Z took 25 minutes.']);
  });

  test('makes up once for what it missed while the machine slept, and says so', async () => {
    const clock = clockAt('2026-11-24T12:00:00Z', [55 * hourMs]);
    const { began, warnings } = await runs('03:00', 2, clock);
    expect(began).toEqual(['2026-11-27T10:00:00.000Z', '2026-11-28T03:00:00.000Z']);
    expect(warnings).toEqual(['The backup of 2026-11-25T03:00:00.000Z was missed by 55 hours; it is made now.']);
  });

  test('does not run twice for one time when the clock is set back', async () => {
    const clock = clockAt('2026-11-24T12:00:00Z');
    const { began } = await runs('03:00', 2, clock, (run) => {
      if (run === 1) clock.set(new Date('2026-11-25T02:00:00Z'));
    });
    expect(began).toEqual(['2026-11-25T03:00:00.000Z', '2026-11-26T03:00:00.000Z']);
  });

  test('runs by a clock that was set right, however far ahead it was before', async () => {
    const clock = clockAt('2027-11-24T12:00:00Z');
    const { began } = await runs('03:00', 2, clock, (run) => {
      if (run === 1) clock.set(new Date('2026-11-24T12:00:00Z'));
    });
    expect(began).toEqual(['2027-11-25T03:00:00.000Z', '2026-11-25T03:00:00.000Z']);
  });

  test('does not wait for a time that a clock said which was set right meanwhile', async () => {
    vi.stubEnv('SANDBOX_CLOCK_OFFSET', '+400d');
    const abort = new AbortController();
    const began = Date.now();
    const schedule = {
      text: 'soon',
      next: (after: Date) => new Date(after.getTime() + (after.getTime() > began + 24 * hourMs ? hourMs : 10)),
    };
    const { events, progress } = recorder();
    const running = runOnSchedule(schedule, async () => abort.abort(new Error('enough')), {
      what: 'backup',
      signal: abort.signal,
      progress,
    });
    vi.stubEnv('SANDBOX_CLOCK_OFFSET', '');
    await expect(running).rejects.toThrow('enough');
    expect(noticesOf(events)).toContainEqual(expect.stringMatching(/^The clock went back to /));
  });

  test('goes on after a run that failed, and says why', async () => {
    const { began, warnings } = await runs('03:00', 2, clockAt('2026-11-24T12:00:00Z'), (run) => {
      if (run === 1) throw new SandboxError({ code: 'BACKUP_BUSY', message: 'Another one runs.', next: '' });
    });
    expect(began).toHaveLength(2);
    expect(warnings).toEqual(['The backup of 2026-11-25T03:00:00.000Z failed: BACKUP_BUSY: Another one runs.']);
  });

  test('ends at once with its signal, in the middle of a day of waiting', async () => {
    const abort = new AbortController();
    const schedule = { text: 'far', next: (after: Date) => new Date(after.getTime() + 24 * hourMs) };
    const running = runOnSchedule(schedule, async () => {}, {
      what: 'backup',
      signal: abort.signal,
      progress: () => {},
    });
    abort.abort();
    await expect(running).rejects.toThrow(/abort/);
  });

  test('runs by the clock of the machine', async () => {
    const abort = new AbortController();
    const schedule = { text: 'soon', next: (after: Date) => new Date(after.getTime() + 30) };
    let count = 0;
    const work = async () => {
      count += 1;
      if (count === 3) abort.abort(new Error('enough'));
    };
    const options = { what: 'backup', signal: abort.signal, progress: () => {}, clock: systemClock };
    await expect(runOnSchedule(schedule, work, options)).rejects.toThrow('enough');
    expect(count).toBe(3);
  });

  test.each(['25:00', '12:60', 'noon', '* * * * * *', '61 * * * *', '0 0 30 2 *', ''])('%j is refused', (text) => {
    expect(() => parseSchedule(text)).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }));
  });
});
