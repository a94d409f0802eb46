import { createHash } from 'node:crypto';
import { isIPv6 } from 'node:net';

/** A number by its value, whatever its type is and however it is written. */
function numberText(written: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^([+-]?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(written) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  if (whole === '') return written;
  if (digits === '') return '0';
  const short = digits.replace(/0+$/, '');
  return `${sign === '-' ? '-' : ''}${short}e${Number(exponent) - fraction.length + digits.length - short.length}`;
}

interface Raw {
  readonly rawJSON: string;
}
const isRaw = (JSON as unknown as { readonly isRawJSON: (value: unknown) => value is Raw }).isRawJSON;

/** A value as text, the same for the same value: numbers by their value, keys by their order in the alphabet. */
export function canonical(value: unknown): string {
  if (isRaw(value)) return numberText(value.rawJSON);
  if (typeof value === 'number' || typeof value === 'bigint') return numberText(String(value));
  if (value instanceof Date) return `time ${value.getTime()}`;
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value === 'string') return shortened(JSON.stringify(value));
  if (typeof value !== 'object' || value === null) return String(value);
  const entries = Object.entries(value).map(([key, inner]) => `${shortened(JSON.stringify(key))}:${canonical(inner)}`);
  return `{${entries.toSorted().join(',')}}`;
}

/** So that what differs can be read. */
function shortened(text: string): string {
  if (text.length <= 200) return text;
  return `${text.slice(0, 40)}… ${text.length} ${createHash('sha1').update(text).digest('hex')}`;
}

/** JSON with each number as it is written. */
export function parseJson(text: string): unknown {
  const rawJson = JSON as unknown as { readonly rawJSON: (text: string) => Raw };
  const keep = (_: string, value: unknown, { source }: { readonly source: string }) =>
    typeof value === 'number' ? rawJson.rawJSON(source) : value;
  return JSON.parse(text, keep as (key: string, value: unknown) => unknown);
}

/** A moment as a file has it: ISO 8601 for what JavaScript reads. */
export function momentOf(value: unknown): Date | null {
  if (value === null || value === undefined) return null;
  if (value instanceof Date) return value;
  const text = String(value);
  return new Date(`${text.slice(0, 10)}T${text.slice(11)}`.replace('z', 'Z'));
}

/** The direction of a vector, rounded: a store for cosines keeps no more of it. */
export function directionOf(numbers: readonly number[] | Float32Array): readonly number[] {
  const given = Array.from(numbers, (number) => Math.fround(Number(number)));
  const largest = Math.max(...given.map(Math.abs));
  if (largest === 0) return given;
  const scaled = given.map((number) => number / largest);
  const length = Math.hypot(...scaled);
  return scaled.map((number) => number / length);
}

/** An address in the one form that all spellings of it have. */
export function addressOf(text: unknown): unknown {
  return typeof text === 'string' && isIPv6(text) ? new URL(`http://[${text}]`).hostname : text;
}
