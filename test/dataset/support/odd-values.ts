import fc from 'fast-check';
import { rawNumber } from '../../../sandbox/dataset/read/exact-number.ts';

/** Mostly what every store takes, one time in so many what may lie beyond a bound. */
const beyondOneIn = 40;
const orBeyond = <Value>(inside: fc.Arbitrary<Value>, beyond: fc.Arbitrary<unknown>, oneIn = beyondOneIn) =>
  fc.oneof(
    { weight: oneIn * 4, arbitrary: inside as fc.Arbitrary<unknown> },
    { weight: 4, arbitrary: beyond },
    { weight: 1, arbitrary: fc.constantFrom<unknown>(null, 0, true, '', [], {}) },
  );

const wide = '😀';
const oddTexts = [
  '',
  ' ',
  'null',
  '\\N',
  '\\.',
  '"',
  "'",
  '$',
  '\u0001',
  '\u007f',
  '\ufeff',
  '\u200f',
  '\u2028',
  'é',
  'e\u0301',
  'ß',
  '硅',
  wide,
];

/** Text of at most so many characters; in bytes it is up to four times that. */
export function text(charactersMax: number, charactersMin = 0): fc.Arbitrary<unknown> {
  const inside = fc.oneof(
    fc.string({ unit: 'grapheme', minLength: charactersMin, maxLength: Math.min(charactersMax, 12) }),
    fc.string({ unit: 'binary', minLength: charactersMin, maxLength: Math.min(charactersMax, 12) }),
    fc.constantFrom(...oddTexts).map((odd) => odd.padEnd(charactersMin, 'x')),
    fc.constantFrom('x', '"', '\\', '硅', wide).map((one) => one.repeat(charactersMax)),
  );
  const fits = inside.filter(
    (value) => [...value].length <= charactersMax && !value.includes('\0') && value.isWellFormed(),
  );
  return orBeyond(
    fits,
    fc.constantFrom(
      wide.repeat(charactersMax + 1),
      'x'.repeat(charactersMax + 1),
      'a\0b',
      '\ud800',
      'x\udc00y',
      '😀'.slice(1),
    ),
    beyondOneIn * 3,
  );
}

/** Text without a bound but that of a store's request, index or document. */
export function longText(bytesMax: number): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 60, arbitrary: text(40) },
    {
      weight: 2,
      arbitrary: fc
        .constantFrom(2_704, 2_713, 8_000, 8_167, 32_766, 65_536)
        .map((size) => 'i'.repeat(Math.min(size, bytesMax))),
    },
    { weight: 1, arbitrary: fc.constantFrom('硅', '"\n', '\u0001').map((one) => one.repeat(bytesMax / 4)) },
    { weight: 1, arbitrary: fc.constantFrom(0, 1).map((more) => 'x'.repeat(bytesMax + more)) },
  );
}

const insideTime = fc
  .tuple(
    fc.date({ min: new Date('0001-01-02T00:00:00Z'), max: new Date('9999-12-30T00:00:00Z'), noInvalidDate: true }),
    fc.constantFrom('Z', 'z', '+00:00', '-00:00', '+08:00', '-23:59', '+14:00', '+05:45'),
    fc.constantFrom('T', ' ', 't'),
    fc.integer({ min: 0, max: 3 }),
  )
  .map(([date, zone, between, digits]) => {
    const local = date.toISOString();
    return `${local.slice(0, 10)}${between}${local.slice(11, 19)}${digits === 0 ? '' : local.slice(19, 20 + digits)}${zone}`;
  });

export const time = orBeyond(
  fc.oneof(
    { weight: 4, arbitrary: insideTime },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        '0001-01-01T00:00:00Z',
        '9999-12-31T23:59:59.999Z',
        '1582-10-10T00:00:00Z',
        '2024-02-29T23:59:59.1Z',
        '1969-12-31T23:59:59.999Z',
        '0099-12-31T00:00:00-00:01',
      ),
    },
  ),
  fc.constantFrom(
    ...[
      '0000-01-01T00:00:00Z',
      '0001-01-01T00:00:00+00:01',
      '9999-12-31T23:59:59-00:01',
      '-0001-01-01T00:00:00Z',
      '+010000-01-01T00:00:00Z',
    ],
    ...[
      '2026-01-01T00:00:00+08',
      '2026-01-01',
      '2026-01-01T00:00:00',
      '2026-02-30T00:00:00Z',
      '2026-01-01T24:00:00Z',
      '2016-12-31T23:59:60Z',
    ],
    ...[
      '2026-01-01T00:00:00.0001Z',
      '2026-01-01T00:00:00+24:00',
      '2026-01-01T00:00:00 BC',
      'infinity',
      'now',
      '1767225600',
      ' 2026-01-01T00:00:00Z',
    ],
  ),
  beyondOneIn * 4,
);

export const day = orBeyond(
  fc.oneof(
    insideTime.map((moment) => moment.slice(0, 10)),
    fc.constantFrom('0001-01-01', '9999-12-31', '2024-02-29'),
  ),
  fc.constantFrom('0000-01-01', '10000-01-01', '2026-02-29', '2026-1-1', 'epoch', '-0001-01-01'),
);

/** An id as it may be written; the store has it in lower case. */
export function spelled(id: fc.Arbitrary<string>): fc.Arbitrary<unknown> {
  return id.chain((each) =>
    orBeyond(
      fc.constantFrom(each, each, each.toUpperCase()),
      fc.constantFrom(`{${each}}`, `urn:uuid:${each}`, each.replaceAll('-', ''), ` ${each}`, each.slice(1), 'nil'),
      beyondOneIn * 4,
    ),
  );
}

export const level = orBeyond(
  fc.oneof(fc.integer({ min: 0, max: 5 }), fc.constant(-0)),
  fc.constantFrom<unknown>(-1, 6, 1.5, '3', rawNumber('1e400')),
  beyondOneIn * 4,
);

export function whole(most: number): fc.Arbitrary<unknown> {
  return orBeyond(
    fc.oneof(fc.integer({ min: 0, max: most }), fc.constantFrom(0, most, -0)),
    fc.constantFrom<unknown>(-1, most + 1, 0.5, 2 ** 53, rawNumber('9007199254740993')),
    beyondOneIn * 2,
  );
}

export function between(least: number, most: number): fc.Arbitrary<unknown> {
  return orBeyond(
    fc.oneof(fc.double({ min: least, max: most, noNaN: true }), fc.constantFrom(least, most, 5e-324, 1e-7)),
    fc.constantFrom<unknown>(most + 1e-9, least - 1, 1e308, rawNumber('0.12345678901234567890'), 'NaN'),
    beyondOneIn * 2,
  );
}

export const address = orBeyond(
  fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    fc.constantFrom('::ffff:1.2.3.4', '::', '1:2:3:4:5:6:7::', 'FE80::1'),
    fc.constant(null),
  ),
  fc.constantFrom('1.2.3.4/8', 'fe80::1%eth0', '01.2.3.4', '1.2.3', '::ffff:999.1.1.1', '[::1]'),
);

const numbers = [
  0,
  -0,
  1,
  -1,
  0.1,
  5e-324,
  1.7976931348623157e308,
  -1e21,
  2 ** 31,
  -(2 ** 31) - 1,
  2 ** 53 - 1,
  2 ** 53 + 2,
  2 ** 63,
];
const rawNumbers = [
  '9007199254740993',
  '9223372036854775807',
  '-9223372036854775808',
  '9223372036854775808',
  '1e400',
  '0.1234567890123456789',
  '-0.0',
  '1E+2',
  `1${'0'.repeat(1_000)}`,
];
const keys = [
  '',
  ' ',
  '$',
  '$set',
  '$oid',
  '$numberLong',
  '$date',
  'a.b',
  '.',
  '$a.b',
  '0',
  '1',
  '007',
  '2026',
  '4294967295',
  '-1',
  'constructor',
  'prototype',
  'toString',
  'toJSON',
  'toBSON',
  'valueOf',
  'length',
  '_id',
  'id',
  'inspect',
  wide,
  '硅',
  '"',
  '\n',
];

const scalar = fc.oneof(
  { weight: 40, arbitrary: fc.constantFrom<unknown>(...numbers) },
  { weight: 20, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }) },
  { weight: 40, arbitrary: fc.constantFrom<unknown>(...oddTexts, null, true, false) },
  { weight: 1, arbitrary: fc.constantFrom(...rawNumbers).map((number) => rawNumber(number)) },
);
const badKeys = fc.constantFrom('__proto__', '_bsontype', 'a\0b', '\udc00');
const key = fc.oneof(
  { weight: 30, arbitrary: fc.constantFrom(...keys) },
  { weight: 10, arbitrary: fc.string({ unit: 'grapheme', maxLength: 6 }) },
  { weight: 1, arbitrary: fc.constantFrom(1_000, 100_000).map((length) => 'k'.repeat(length)) },
);

function nested(levels: number): unknown {
  let value: unknown = {};
  for (let made = 1; made < levels; made += 1) value = (levels - made) % 2 === 0 ? [value] : { in: value };
  return value;
}

const tree = fc.letrec((tie) => ({
  value: fc.oneof({ depthSize: 'small' }, scalar, fc.array(tie('value'), { maxLength: 4 }), tie('object')),
  object: fc.dictionary(key, tie('value'), { maxKeys: 6, noNullPrototype: false }),
}));

/** A field that takes any JSON, or any object. */
function free(inside: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 40, arbitrary: inside },
    { weight: 1, arbitrary: fc.constantFrom(98, 99, 100, 101).map(nested) },
    { weight: 1, arbitrary: badKeys.map((bad) => Object.fromEntries([[bad, 1]])) },
    { weight: 1, arbitrary: fc.constant({ text: 'a\0b' }) },
    { weight: 1, arbitrary: fc.constant(Object.fromEntries(Array.from({ length: 2_000 }, (_, at) => [`k${at}`, at]))) },
  );
}
export const object = free(tree.object);
export const anything = fc.oneof({ weight: 3, arbitrary: object }, { weight: 1, arbitrary: free(tree.value) });

const float32Max = 3.4028234663852886e38;
export function vector(dimension: number): fc.Arbitrary<unknown> {
  const of = (numbers: readonly number[], length = dimension) =>
    Array.from({ length }, (_, at) => numbers[at % 7] ?? 0);
  return fc.oneof(
    {
      weight: 20,
      arbitrary: fc
        .array(fc.float({ noNaN: true, min: -1, max: 1 }), { minLength: 1, maxLength: 7 })
        .map((some) => of(some)),
    },
    {
      weight: 4,
      arbitrary: fc
        .array(fc.constantFrom(0, -0, 1, -1, 1e-45, 1e-20, 1e19, 1e30, float32Max, -float32Max, 0.1), {
          minLength: 1,
          maxLength: 7,
        })
        .map((some) => of(some)),
    },
    { weight: 1, arbitrary: fc.constantFrom(dimension - 1, dimension + 1, 0).map((length) => of([1], length)) },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom<unknown>(null, 'NaN', 3.5e38, 1e308, rawNumber('1e400'), [])
        .map((bad) => [bad, ...of([1], dimension - 1)]),
    },
  );
}
