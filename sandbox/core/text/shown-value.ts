import { inspect } from 'node:util';

/** A value that somebody gave, as an error shows it: in one line, however large or deep it is. */
export function shownValue(value: unknown): string {
  if (typeof value === 'string')
    return JSON.stringify(value.length > textMax ? `${value.slice(0, textMax)}...` : value);
  if (typeof value === 'function') return 'a function';
  return inspect(value, {
    depth: 1,
    maxArrayLength: 5,
    maxStringLength: textMax,
    breakLength: Number.POSITIVE_INFINITY,
  });
}

/** As much tells which one it is. */
const textMax = 100;
