/** An integer of 16 digits or more, which a double may not hold; in a text it costs time alone. */
const longInteger = /[:[,]\s*-?\d{16}/;

// Part of ECMAScript since 2025, and not yet of TypeScript's own declarations.
type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;
const parse = JSON.parse as unknown as (text: string, reviver?: Reviver) => unknown;
const { rawJSON } = JSON as unknown as { readonly rawJSON: (text: string) => unknown };

/** What JSON says, integers beyond 2^53 as `bigint`: ids and payloads have 64 bits. */
export function parseExactly(text: string): unknown {
  return longInteger.test(text) ? parse(text, asWritten) : parse(text);
}

function asWritten(_: string, value: unknown, { source = '' }: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  return /^-?\d+$/.test(source) ? BigInt(source) : value;
}

/** JSON of what {@link parseExactly} has read. */
export function exactText(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (thrown) {
    // A `bigint` is in it, which is rare: to look at every number of a vector takes its time.
    if (!(thrown instanceof TypeError)) throw thrown;
    return JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? rawJSON(String(each)) : each));
  }
}
