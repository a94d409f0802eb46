/** Numbers as JSON writes them (RFC 8259, section 6). */
const grammar = /^(-?)(0|[1-9]\d*)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;

/** Decimal digits that every double keeps (IEEE 754: 15 for binary64), and that tell each from every other (17). */
const digitsKept = 15;
const digitsMax = 17;

/** A number as it was written, where no double has its value; `JSON.stringify` writes it as it is. */
export interface RawNumber {
  readonly rawJSON: string;
}

// Part of ECMAScript since 2025, and not yet of TypeScript's own declarations.
const rawJson = JSON as unknown as {
  readonly rawJSON: (text: string) => RawNumber;
  readonly isRawJSON: (value: unknown) => value is RawNumber;
};

export const rawNumber = rawJson.rawJSON;
export const isRawNumber = rawJson.isRawJSON;

/** Digits without zeroes at either end, and the power of ten of the last one. */
interface Decimal {
  readonly negative: boolean;
  readonly digits: string;
  readonly power: number;
}

/** Absent where the text is no number as JSON writes them. */
export function decimalOf(text: string): Decimal | undefined {
  const [, sign, whole = '', fraction = '', exponent = '0'] = grammar.exec(text) ?? [];
  if (sign === undefined) return undefined;
  const all = `${whole}${fraction}`;
  let [first, end] = [0, all.length];
  while (first < end && all[first] === '0') first += 1;
  while (end > first && all[end - 1] === '0') end -= 1;
  if (first === end) return { negative: sign === '-', digits: '0', power: 0 };
  const power = Number(exponent) - fraction.length + (all.length - end);
  return { negative: sign === '-', digits: all.slice(first, end), power };
}

/** Whether a double has exactly the decimal value that is written: `0.1`, and not `9007199254740993`. */
export function isExact(text: string): boolean {
  if (text.length <= digitsKept && !/[eE]/.test(text)) return true;
  return isSame(decimalOf(text), decimalOf(String(Number(text))));
}

/**
 * Whether a double is all that is meant: its value, or the digits that programs print for it (`%.17g`). Absent where
 * digits would be lost, or where there is no such double.
 */
export function doubleOf(text: string): number | undefined {
  const decimal = decimalOf(text);
  const value = Number(text);
  if (decimal === undefined || !Number.isFinite(value)) return undefined;
  if (isExact(text)) return value;
  const digits = decimal.digits.length;
  return digits <= digitsMax && isSame(decimal, decimalOf(value.toPrecision(digits))) ? value : undefined;
}

function isSame(left: Decimal | undefined, right: Decimal | undefined): boolean {
  if (left === undefined || right === undefined || left.digits !== right.digits) return false;
  // Zero keeps its sign as a double, though it is written without.
  return left.digits === '0' || (left.power === right.power && left.negative === right.negative);
}
