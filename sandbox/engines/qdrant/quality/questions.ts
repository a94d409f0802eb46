import type { QualityQuestion } from '../../contract/quality.ts';

const faults = ['not finite', 'not of unit length', 'of another dimension'] as const;

export type VectorFault = (typeof faults)[number];

type Filter = Readonly<Record<string, unknown>>;

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What a check can ask of a collection. */
export type QdrantAsk =
  /** A filter of the server's own. */
  | { readonly filter: Filter }
  /** Points whose vector is not as it should be: every vector is read. */
  | { readonly vectors: VectorFault }
  /** Points whose values of these fields another point, which was read before, has too. */
  | { readonly duplicates: readonly string[] }
  /** Points whose value of a field is there and none of these, by type too. */
  | { readonly field: string; readonly noneOf: readonly unknown[] }
  /** Points that have no value of a field, or null. */
  | { readonly without: string }
  | { readonly points: 'all' };

export function askOf({ ask }: QualityQuestion): QdrantAsk {
  if ('query' in ask) {
    const read = JSON.parse(ask.query) as { readonly filter?: unknown; readonly vectors?: unknown } | null;
    if (isObject(read?.filter) && read?.vectors === undefined) return { filter: read?.filter as Filter };
    const fault = faults.find((each) => each === read?.vectors);
    if (fault !== undefined && read?.filter === undefined) return { vectors: fault };
    throw new Error(`a query is an object with either a \`filter\` or \`vectors\`: ${faults.join(', ')}`);
  }
  const { metric, fields, arguments: given } = ask.rule;
  const [field = ''] = fields;
  if (metric === 'rowCount') return { points: 'all' };
  if (metric === 'nullValues') return { without: field };
  if (metric === 'duplicateValues') return { duplicates: fields };
  if (metric === 'invalidValues' && Array.isArray(given.validValues)) return { field, noneOf: given.validValues };
  throw new Error(`${metric} with ${JSON.stringify(given)} cannot be asked of Qdrant`);
}

/** Ids are numbers or UUIDs, and a contract has texts. A `bigint` beyond 2^53, as the driver has it. */
export function idOf(text: string): string | number | bigint {
  if (!/^\d+$/.test(text)) return text;
  return Number.isSafeInteger(Number(text)) ? Number(text) : BigInt(text);
}

/** A whole number of seconds, as the server takes it: it gives a request up after a minute, unless it is told otherwise. */
export function inSeconds(timeoutMs: number): number {
  return Math.ceil(timeoutMs / 1_000);
}

/** The value of a field of a payload: `address.city` is the city of the address, as in the server's filters. Null where there is none. */
export function valueAt(payload: unknown, field: string): unknown {
  const found = field
    .split('.')
    .reduce<unknown>((value, name) => (isObject(value) ? (value as Filter)[name] : undefined), payload);
  return found ?? null;
}

/** Values as one text that tells them apart, by type too. Integers beyond 2^53 are read as `bigint`. */
export function textOfValues(values: readonly unknown[]): string {
  return JSON.stringify(values, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));
}
