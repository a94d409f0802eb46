import { rawNumber } from '../../../sandbox/dataset/read/exact-number.ts';

/** A row of a file: as `JSON.stringify`, but for minus zero, which it would lose. */
export function lineOf(row: object): string {
  return JSON.stringify(row, (_, value) => (Object.is(value, -0) ? rawNumber('-0') : value));
}
