import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Fingerprint } from '../../sandbox/engines/contract/data.ts';
import { buildParts } from '../../sandbox/engines/shared/backup/expiring-parts.ts';
import { differenceOf } from '../../sandbox/engines/shared/backup/fingerprint-difference.ts';
import { seed, seedText } from '../support/seed.ts';

const beginMs = Date.parse('2026-01-01T00:00:00Z');

interface Thing {
  readonly part: string;
  readonly value: string;
  /** Absent: it stays. */
  readonly goesMs: number | undefined;
}

const thing: fc.Arbitrary<Thing> = fc.record({
  part: fc.constantFrom('keys user', 'keys lock', 'documents'),
  value: fc.string({ minLength: 1 }),
  goesMs: fc.option(
    fc.integer({ min: 1, max: 100_000 }).map((ms) => beginMs + ms),
    { nil: undefined },
  ),
});
const things = fc.uniqueArray(thing, { minLength: 1, maxLength: 40, selector: ({ value }) => value });
const moment = fc.integer({ min: 0, max: 100 }).map((seconds) => beginMs + seconds * 1_000);
const hasGone = ({ goesMs }: Thing, nowMs: number) => goesMs !== undefined && goesMs < nowMs;

function fingerprintOf(all: readonly Thing[]): Fingerprint {
  const parts = buildParts();
  for (const { part, value, goesMs } of all) parts.add(part, [`${value}\0${goesMs ?? 'stays'}\n`], goesMs);
  return parts.build();
}

describe(`fingerprints of what has lifetimes (${seedText})`, () => {
  test('what has come to its end is no difference, and is told by its part', () => {
    fc.assert(
      fc.property(things, moment, (all, nowMs) => {
        const left = all.filter((each) => !hasGone(each, nowMs));
        const parts = all.filter((each) => hasGone(each, nowMs)).map(({ part }) => part);
        expect(differenceOf(fingerprintOf(all), fingerprintOf(left), nowMs)).toEqual({
          different: [],
          expired: [...new Set(parts)].toSorted(),
        });
      }),
      { seed },
    );
  });

  test('what is lost before its time is a difference, whatever else has expired', () => {
    fc.assert(
      fc.property(things, moment, fc.nat(), (all, nowMs, pick) => {
        // What goes within the second of the comparison is not decided.
        const living = all.filter(({ goesMs }) => goesMs === undefined || goesMs >= nowMs + 1_000);
        fc.pre(living.length > 0);
        const lost = living[pick % living.length] as Thing;
        const left = all.filter((each) => each !== lost && !hasGone(each, nowMs));
        expect(differenceOf(fingerprintOf(all), fingerprintOf(left), nowMs).different).toContain(lost.part);
        expect(differenceOf(fingerprintOf(left), fingerprintOf(all), nowMs).different).toContain(lost.part);
      }),
      { seed },
    );
  });

  test('what lives on beyond its time is a difference', () => {
    fc.assert(
      fc.property(things, moment, (all, nowMs) => {
        const gone = all.filter((each) => hasGone(each, nowMs));
        fc.pre(gone.length > 0);
        const kept = all.map((each) => (hasGone(each, nowMs) ? { ...each, goesMs: undefined } : each));
        const { different } = differenceOf(fingerprintOf(all), fingerprintOf(kept), nowMs);
        expect(different).toEqual([...new Set(gone.map(({ part }) => part))].toSorted());
      }),
      { seed },
    );
  });
});

test('an empty part is not the same as none', () => {
  const empty = buildParts();
  empty.add('points', []);
  const built = empty.build();
  expect(differenceOf(built, { parts: {} })).toEqual({ different: ['points'], expired: [] });
  expect(differenceOf({ parts: {} }, built)).toEqual({ different: ['points'], expired: [] });
});
