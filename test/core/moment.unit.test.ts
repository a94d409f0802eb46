import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isoIn, momentText, parseMoment } from '../../sandbox/core/text/moment.ts';
import { seed, seedText } from '../support/seed.ts';

const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe', 'Pacific/Kiritimati'];
const read = (text: string, zone = 'Europe/Berlin') => parseMoment(text, '--to', zone).toISOString();

test.each([
  ['2026-11-29 10:00', '2026-11-29T09:00:00.000Z'],
  ['2026-07-29 10:00', '2026-07-29T08:00:00.000Z'],
  ['2026-11-29T10:00:30.25', '2026-11-29T09:00:30.250Z'],
  ['2026-11-29 10:00Z', '2026-11-29T10:00:00.000Z'],
  ['2026-11-29T10:00:00.001000+05:30', '2026-11-29T04:30:00.001Z'],
  ['2026-11-29 10:00 -0800', '2026-11-29T18:00:00.000Z'],
  ['2026-11-29 10:00 UTC', '2026-11-29T10:00:00.000Z'],
  ['2024-02-29 23:59:59.999+14', '2024-02-29T09:59:59.999Z'],
])('%s is read as %s in Berlin', (text, expected) => {
  expect(read(text)).toBe(expected);
});

test.each([
  '',
  'yesterday',
  '10:00',
  '2026-11-29',
  '2026-11-29 10',
  '2026-11-31 10:00',
  '2026-02-29 10:00',
  '2026-13-01 10:00',
  '2026-11-29 24:00',
  '2026-11-29 10:60',
  '2026-11-29 10:00:61',
  '2026-11-29 10:00:00.0005',
  '2026-11-29 10:00+15',
  '2026-11-29 10:00 CET',
  '2026-11-29 10:00; DROP TABLE users',
])('%j is refused as no moment', (text) => {
  expect(() => read(text)).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }));
});

test('a local time that comes twice is refused, and both are named', () => {
  expect(() => read('2026-10-25 02:30')).toThrow(
    expect.objectContaining({
      code: 'BAD_OPTION',
      next: 'Say which one: 2026-10-25T02:30:00.000+02:00 or 2026-10-25T02:30:00.000+01:00.',
    }),
  );
  expect(read('2026-10-25 02:30+02:00')).toBe('2026-10-25T00:30:00.000Z');
  expect(read('2026-10-25 02:30+01:00')).toBe('2026-10-25T01:30:00.000Z');
  // Half an hour there.
  expect(() => read('2026-04-05 01:45', 'Australia/Lord_Howe')).toThrow(/comes twice/);
});

test('a local time that clocks were set forward over is refused', () => {
  expect(() => read('2026-03-29 02:30')).toThrow(/set forward/);
  expect(read('2026-03-29 03:00')).toBe('2026-03-29T01:00:00.000Z');
  expect(read('2026-03-29 01:59')).toBe('2026-03-29T00:59:00.000Z');
});

const moments = fc.tuple(
  fc.date({ min: new Date('1990-01-01T00:00:00Z'), max: new Date('2040-01-01T00:00:00Z'), noInvalidDate: true }),
  fc.constantFrom(...zones),
);

test(`what a moment is shown as is read back as it, in every zone, ${seedText}`, () => {
  fc.assert(
    fc.property(moments, ([moment, zone]) => {
      expect(parseMoment(isoIn(moment, zone), '--to', 'UTC')).toEqual(moment);
      const [day, time, offset] = momentText(moment, zone).split(' ');
      expect(parseMoment(`${day} ${time}${offset}`, '--to', 'UTC')).toEqual(moment);
    }),
    { seed, numRuns: 300 },
  );
});

test(`a local time is the moment that clocks show it at, or is refused because it comes twice, ${seedText}`, () => {
  fc.assert(
    fc.property(moments, ([moment, zone]) => {
      const local = isoIn(moment, zone).slice(0, 23);
      try {
        expect(parseMoment(local, '--to', zone)).toEqual(moment);
      } catch (thrown) {
        expect(thrown).toMatchObject({ code: 'BAD_OPTION', next: expect.stringContaining(isoIn(moment, zone)) });
      }
    }),
    { seed, numRuns: 300 },
  );
});
