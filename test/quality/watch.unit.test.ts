import { describe, expect, test } from 'vitest';
import { SandboxError } from '../../sandbox/core/errors.ts';
import type { CheckResult } from '../../sandbox/quality/run/report.ts';
import { failedRunMessage, runMessage } from '../../sandbox/quality/watch/quality-message.ts';
import { watchChecks } from '../../sandbox/quality/watch/watch-checks.ts';
import { parseSchedule } from '../../sandbox/unattended/schedule.ts';
import { noticesOf, recorder } from '../containers/support/tiny-images.ts';
import { clockAt, type TestClock } from '../unattended/support/test-clock.ts';
import { reportOf, resultOf } from './support/made-up-results.ts';

const one = 'postgresql.users.blank';
const two = 'redis.user.rows';
const known = (check: string) => resultOf(check, 0);
const unknown = (check: string) => resultOf(check, undefined);

/** Watches for so many runs, whose results are given one by one, all known in the end; when each began, and of what. */
async function runs(
  count: number,
  results: readonly (readonly CheckResult[] | Error)[],
  clock: TestClock = clockAt('2026-11-30T10:20:00Z'),
  meanwhile: () => void = () => {},
) {
  const abort = new AbortController();
  const began: string[] = [];
  const { events, progress } = recorder();
  const watching = watchChecks({
    times: parseSchedule('0 * * * *', 'UTC'),
    signal: abort.signal,
    progress,
    clock,
    run: async (names) => {
      const found = results[began.length] ?? [known(one), known(two)];
      began.push([clock.now().toISOString().slice(11, 16), ...names].join(' '));
      if (began.length === count) abort.abort(new Error('enough'));
      meanwhile();
      if (found instanceof Error) throw found;
      return reportOf(clock.now().toISOString(), found);
    },
  });
  await expect(watching).rejects.toThrow('enough');
  const warnings = events.filter((event) => event.kind === 'notice' && event.level === 'warning');
  return { began, warnings: noticesOf(warnings) };
}

describe('a watch', () => {
  test('runs all checks at once, and then every hour by the clock, however long a run takes', async () => {
    const clock = clockAt('2026-11-30T10:20:00Z');
    const { began, warnings } = await runs(4, [], clock, () => clock.pass(7 * 60_000));
    expect(began).toEqual(['10:20', '11:00', '12:00', '13:00']);
    expect(warnings).toEqual([]);
  });

  test('asks again what nobody could decide after 5 minutes, then after twice as long, and that alone', async () => {
    const down = [known(one), unknown(two)];
    const { began } = await runs(8, [[known(one), known(two)], down, [unknown(two)], [unknown(two)], [known(two)]]);
    expect(began).toEqual([
      '10:20',
      '11:00',
      `11:05 ${two}`,
      `11:15 ${two}`,
      `11:35 ${two}`,
      '12:00',
      '13:00',
      '14:00',
    ]);
  });

  test('goes on doubling over the hours, up to an hour, and begins anew once all was decided', async () => {
    const forever = Array.from({ length: 8 }, () => [unknown(one)]);
    const { began } = await runs(12, [...forever, [known(one)], [unknown(one)], [known(one)]]);
    expect(began).toEqual([
      '10:20',
      `10:25 ${one}`,
      `10:35 ${one}`,
      `10:55 ${one}`,
      '11:00',
      '12:00',
      '13:00',
      '14:00',
      '15:00',
      '16:00',
      `16:05 ${one}`,
      '17:00',
    ]);
  });

  test('asks a store that has gone down meanwhile after 5 minutes again, though another has been down for long', async () => {
    const both = [unknown(one), unknown(two)];
    const { began } = await runs(7, [[unknown(one)], [unknown(one)], [unknown(one)], [unknown(one)], both, both]);
    expect(began.slice(3)).toEqual([`10:55 ${one}`, '11:00', `11:05 ${one} ${two}`, `11:15 ${one} ${two}`]);
  });

  test('asks for differences between stores by the one name that they have', async () => {
    const across = ['user', 'knowledge'].map((kind) => unknown(`cross-store.redis.${kind}`));
    const { began } = await runs(2, [[...across, unknown(one)]]);
    expect(began[1]).toBe(`10:25 cross-store ${one}`);
  });

  test('tries all checks again after a run that failed altogether, and says why', async () => {
    const failure = new SandboxError({ code: 'CONTRACT_INVALID', message: 'It has no id.', next: '' });
    const { began, warnings } = await runs(4, [failure, failure]);
    expect(began).toEqual(['10:20', '10:25', '10:35', '11:00']);
    expect(warnings[0]).toBe('The quality run of 2026-11-30T10:20:00.000Z failed: CONTRACT_INVALID: It has no id.');
    expect(warnings).toHaveLength(2);
  });

  test('makes up once for the hours that the machine slept', async () => {
    const { began, warnings } = await runs(3, [], clockAt('2026-11-30T10:20:00Z', [0, 5.5 * 3_600_000]));
    expect(began).toEqual(['10:20', '16:30', '17:00']);
    expect(warnings).toEqual([expect.stringContaining('was missed by 6 hours')]);
  });

  test('does not run twice for one hour when the clock is set back', async () => {
    const clock = clockAt('2026-11-30T10:20:00Z');
    const setBack = () => {
      if (clock.now().toISOString().startsWith('2026-11-30T11:00')) clock.set(new Date('2026-11-30T10:40:00Z'));
    };
    const { began } = await runs(3, [], clock, setBack);
    expect(began).toEqual(['10:20', '11:00', '12:00']);
  });
});

describe('a watch whose clock was a year ahead', () => {
  test('runs all checks every hour, though one cannot be decided', async () => {
    const clock = clockAt('2027-11-30T10:20:00Z');
    let run = 0;
    const setRight = () => {
      run += 1;
      if (run === 2) clock.set(new Date('2026-11-30T10:20:00Z'));
    };
    const forever = Array.from({ length: 5 }, () => [unknown(one)]);
    const { began } = await runs(5, forever, clock, setRight);
    expect(began).toEqual(['10:20', `10:25 ${one}`, '10:30', `10:50 ${one}`, '11:00']);
  });
});

describe('what a webhook is told of a run', () => {
  test('are names and counts, and no id of what was found', () => {
    const results = [
      resultOf(one, 3),
      resultOf('neo4j.concept.alone', 1, { severity: 'warning' }),
      known('a.b.c'),
      unknown(two),
    ];
    const message = runMessage(reportOf('2026-11-30T11:00:00.000Z', results));
    expect(message).toEqual({
      text: 'Quality checks: 1 error, 1 warning, 1 unknown, 1 pass',
      timestamp: expect.stringMatching(/^20\d\d-.*Z$/),
      status: 'failure',
      summary: { pass: 1, errors: 1, warnings: 1, unknown: 1, notRun: 0 },
      checks: [one, 'neo4j.concept.alone', two],
      durationMs: 12,
      errorCode: null,
    });
    expect(JSON.stringify(message)).not.toContain('id 0');
  });

  test('are those that did not run, too', () => {
    const notRun = { ...known(two), verdict: 'not-run' as const };
    expect(runMessage(reportOf('', [known(one), notRun])).text).toBe('Quality checks: 1 not run, 1 pass');
  });

  test('of an unknown alone is a failure, and of warnings alone none', () => {
    const statusOf = (...results: readonly CheckResult[]) => runMessage(reportOf('', results)).status;
    expect(statusOf(known(one), unknown(two))).toBe('failure');
    expect(statusOf(known(one), resultOf(two, 1, { severity: 'warning' }))).toBe('success');
  });

  test('that failed altogether is its code', () => {
    expect(failedRunMessage('CONTRACT_INVALID', 4)).toMatchObject({
      text: 'Quality checks did not run: CONTRACT_INVALID',
      status: 'failure',
      summary: null,
      errorCode: 'CONTRACT_INVALID',
    });
  });
});
