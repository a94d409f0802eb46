import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lagOf, type Store, transactionOf } from '../../../sandbox/engines/neo4j/failover/lag.ts';
import { seed, seedText } from '../../support/seed.ts';

/** A number as PackStream writes it, in the least bytes that hold it (its documentation, "Int"). */
function packed(number: number): Buffer {
  if (number < 0x80) return Buffer.from([number]);
  const [mark, bytes] = number < 2 ** 15 ? [0xc9, 2] : number < 2 ** 31 ? [0xca, 4] : [0xcb, 8];
  const whole = Buffer.alloc(8);
  whole.writeBigInt64BE(BigInt(number));
  return Buffer.concat([Buffer.from([mark]), whole.subarray(8 - bytes)]);
}

/** A bookmark of one database, as the server gives it: a list, the id's 16 bytes, the transaction. */
const bookmarkOf = (id: Uint8Array, number: number) =>
  `FB:${Buffer.concat([Buffer.from([0x91, 0xcc, 16]), id, packed(number)]).toString('base64')}`;

test(`the last transaction is read out of a bookmark, whatever the id's bytes are (${seedText})`, () => {
  const id = fc.uint8Array({ minLength: 16, maxLength: 16 });
  const property = fc.property(id, fc.nat(2 ** 31 - 1), fc.integer({ min: 0, max: 3 }), (bytes, whole, shift) => {
    const number = whole >>> (8 * shift);
    expect(transactionOf(bookmarkOf(bytes, number))).toBe(number);
  });
  fc.assert(property, { seed, numRuns: 2_000 });
  expect(transactionOf('FB:kcwQUyxnq1H6Q1eJCTX8qhjUtskDkA==')).toBe(912);
});

test(`a text that is no bookmark of one server has no transaction, and is no error (${seedText})`, () => {
  const text = fc.oneof(
    fc.string(),
    fc.base64String().map((each) => `FB:${each}`),
  );
  const property = fc.property(text, (bookmark) => {
    const read = transactionOf(bookmark);
    expect(read === undefined || Number.isInteger(read)).toBe(true);
  });
  fc.assert(property, { seed, numRuns: 2_000 });
  for (const bookmark of ['', 'FB:', 'neo4j:bookmark:v1:tx42']) expect(transactionOf(bookmark)).toBeUndefined();
});

test('a copy of an idle primary has no lag, however old; one of another lineage never shows none', () => {
  const copy: Store = { lineage: 'first', transaction: 42, dumpedAtMs: 1_000 };
  const hourLaterMs = 3_601_000;
  expect(lagOf(copy, { lineage: 'first', transaction: 42 }, hourLaterMs)).toEqual({ lagTransactions: 0, lagMs: 0 });
  expect(lagOf(copy, { lineage: 'first', transaction: 45 }, hourLaterMs)).toEqual({
    lagTransactions: 3,
    dumpAgeMs: 3_600_000,
  });
  // An old primary may have written as much as the new one, or more.
  for (const primary of [
    { lineage: 'second', transaction: 42 },
    { lineage: 'first', transaction: 41 },
  ]) {
    expect(lagOf(copy, primary, hourLaterMs)).toEqual({ lagUnknown: expect.stringContaining('promoted over it') });
  }
  const never = { lineage: undefined, transaction: 1 };
  expect(lagOf(never, { lineage: undefined, transaction: 1 }, hourLaterMs)).toEqual({ lagUnknown: 'no dump yet' });
  expect(lagOf(copy, undefined, hourLaterMs)).toMatchObject({ lagUnknown: 'no primary answers' });
});
