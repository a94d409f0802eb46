import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { archiveNameAt } from '../../sandbox/backup/archive/archive-name.ts';
import { expiredArchives } from '../../sandbox/backup/kept/retention.ts';
import { nowMs } from '../../sandbox/core/clock.ts';
import { seed, seedText } from '../support/seed.ts';

const unitsMs = { '': 1_000, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, y: 365 * 86_400_000 };
const before = process.env.SANDBOX_CLOCK_OFFSET;

afterEach(() => {
  if (before === undefined) delete process.env.SANDBOX_CLOCK_OFFSET;
  else process.env.SANDBOX_CLOCK_OFFSET = before;
});

test(`the clock is moved by any number of any unit, forwards and backwards (${seedText})`, () => {
  const property = fc.property(
    fc.integer({ min: -10_000, max: 10_000 }),
    fc.constantFrom(...(Object.keys(unitsMs) as (keyof typeof unitsMs)[])),
    fc.boolean(),
    (count, unit, sign) => {
      process.env.SANDBOX_CLOCK_OFFSET = `${sign && count >= 0 ? '+' : ''}${count}${unit}`;
      const [earliest, moved, latest] = [Date.now(), nowMs(), Date.now()];
      expect(moved).toBeGreaterThanOrEqual(earliest + count * unitsMs[unit]);
      expect(moved).toBeLessThanOrEqual(latest + count * unitsMs[unit]);
    },
  );
  fc.assert(property, { seed });
});

test.each(['1w', 'tomorrow', '1 d', '--1d', '+', 'NaN'])('%s is refused', (text) => {
  process.env.SANDBOX_CLOCK_OFFSET = text;
  expect(nowMs).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }));
});

test('what is kept for seven days goes once the clock is eight days on, but for the newest', () => {
  const names = [2, 1, 0].map((days) => archiveNameAt(new Date(Date.now() - days * unitsMs.d)));
  const archives = names.map((name) => ({ name, sizeBytes: 1 }));
  expect(expiredArchives(archives)).toEqual([]);
  process.env.SANDBOX_CLOCK_OFFSET = '+8d';
  expect(expiredArchives(archives)).toEqual(names.slice(0, 2));
});
