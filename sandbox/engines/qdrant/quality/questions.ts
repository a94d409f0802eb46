import type { QualityQuestion } from '../../contract/quality.ts';

/** What a check can ask of a collection. */
export type QdrantAsk =
  /** A filter of the server's own. */
  | { readonly filter: Readonly<Record<string, unknown>> }
  /** Points whose vector is not as it should be: every vector is read. */
  | { readonly vectors: 'not finite' | 'not of unit length' | 'of another dimension' }
  /** Points whose values of these fields another point, which was read before, has too. */
  | { readonly duplicates: readonly string[] }
  /** Points whose value of a field is there and none of these, by type too. */
  | { readonly field: string; readonly noneOf: readonly unknown[] }
  | { readonly points: 'all' };

export function askOf({ ask }: QualityQuestion): QdrantAsk {
  if ('query' in ask) {
    const read = JSON.parse(ask.query) as QdrantAsk;
    if ('filter' in read || 'vectors' in read) return read;
    throw new Error('a query is an object with either `filter` or `vectors`');
  }
  const { metric, fields, arguments: given } = ask.rule;
  const [field = ''] = fields;
  if (metric === 'rowCount') return { points: 'all' };
  if (metric === 'nullValues')
    return { filter: { should: [{ is_null: { key: field } }, { is_empty: { key: field } }] } };
  if (metric === 'duplicateValues') return { duplicates: fields };
  if (metric === 'invalidValues' && Array.isArray(given.validValues)) return { field, noneOf: given.validValues };
  throw new Error(`${metric} with ${JSON.stringify(given)} cannot be asked of Qdrant`);
}

/** Ids are numbers or UUIDs, and a contract has texts. */
export function idOf(text: string): string | number {
  return /^\d+$/.test(text) ? Number(text) : text;
}
