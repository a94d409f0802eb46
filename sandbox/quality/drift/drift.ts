import type { QualityAnswer } from '../../engines/contract/quality.ts';
import { type Counts, type Stability, stabilityOf } from './stability-index.ts';

/** Stands between the values of a combination. */
const separator = '/';

/** Counts of combinations, as a store answers. */
export type Distribution = readonly { readonly values: readonly (string | null)[]; readonly count: number }[];

/** Without a prototype: `constructor` is a value like others. */
function noCounts(): Record<string, number> {
  return Object.create(null) as Record<string, number>;
}

/** A value may have the separator in it. */
function escaped(value: string): string {
  return value.replaceAll('%', '%25').replaceAll(separator, '%2F');
}

function unescaped(combination: string): string {
  return combination.replaceAll('%2F', separator).replaceAll('%25', '%');
}

export function countsOf(distribution: Distribution): Counts {
  const counts = noCounts();
  for (const { values, count } of distribution) {
    const value = values.map((each) => escaped(String(each))).join(separator);
    counts[value] = (counts[value] ?? 0) + count;
  }
  return counts;
}

/**
 * How far a distribution is from an earlier one: of each field, and of their combinations. The count is the largest
 * stability index that is more than chance, and 0 where none is; ids tell of each.
 */
export function driftOf(fields: readonly string[], before: Counts, now: Counts): QualityAnswer {
  const alone =
    fields.length < 2 ? [] : fields.map((field, place) => ({ field, of: (counts: Counts) => only(counts, place) }));
  const parts = [...alone, { field: fields.join(' × '), of: (counts: Counts) => counts }];
  const beyondChance = parts
    .map(({ field, of }) => ({ field, ...stabilityOf(of(before), of(now)) }))
    .filter(({ index, noise }) => index > noise)
    .toSorted((left, right) => right.index - left.index);
  return { count: rounded(beyondChance[0]?.index ?? 0), ids: beyondChance.map(inWords) };
}

/** Counts of one field alone. */
function only(counts: Counts, place: number): Counts {
  const found = noCounts();
  for (const [combination, count] of Object.entries(counts)) {
    const value = combination.split(separator)[place] ?? '';
    found[value] = (found[value] ?? 0) + count;
  }
  return found;
}

/** `silicon_level: 0.31, most of it 5: 17 % before, 50 % now`. */
function inWords({ field, index, most }: Stability & { readonly field: string }): string {
  const percent = (share: number) => `${Math.round(share * 1_000) / 10} %`;
  return `${field}: ${rounded(index)}, most of it ${unescaped(most.value)}: ${percent(most.before)} before, ${percent(most.now)} now`;
}

function rounded(index: number): number {
  return Math.round(index * 1_000) / 1_000;
}
