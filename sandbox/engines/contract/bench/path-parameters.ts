import type { Dataset } from '../../../../seeds/dataset.ts';
import type { Entities, EntityName } from '../../../../seeds/entities.ts';
import type { ByKind } from './query-path.ts';

/** Parameters of each kind that are drawn at most. */
export const parametersPerKind = 200;

/** Why answers are not known on a server that holds no dataset of ours. */
export const notOurData = { notKnown: "the server holds no dataset of ours: the sandbox's answers say nothing of it" };

/** The first fifth of what is ranked are favourites; from the last fifth comes what is rarely asked for. */
export function hotAndCold<Value>(ranked: readonly Value[]): Omit<ByKind<readonly Value[]>, 'absent'> {
  const fifth = Math.max(1, Math.ceil(ranked.length / 5));
  return {
    hot: ranked.slice(0, Math.min(fifth, parametersPerKind)),
    cold: ranked.slice(-Math.min(fifth, parametersPerKind)),
  };
}

/** What is made of a dataset once, however many clients ask for it. */
export function perDataset<Value>(make: (dataset: Dataset) => Promise<Value>): (dataset: Dataset) => Promise<Value> {
  const made = new WeakMap<Dataset, Promise<Value>>();
  return (dataset) => {
    const there = made.get(dataset);
    if (there !== undefined) return there;
    const value = make(dataset);
    made.set(dataset, value);
    return value;
  };
}

export async function* rowsOf<Name extends EntityName>(dataset: Dataset, name: Name): AsyncGenerator<Entities[Name]> {
  for await (const batch of dataset.batches(name)) yield* batch;
}

/** Rows of an entity that a condition holds for. */
export async function rowsWhere<Name extends EntityName>(
  dataset: Dataset,
  name: Name,
  condition: (row: Entities[Name]) => boolean,
): Promise<Entities[Name][]> {
  const rows: Entities[Name][] = [];
  for await (const batch of dataset.batches(name)) rows.push(...batch.filter(condition));
  return rows;
}

/** Keys by how often they come, the most frequent first; equal ones in the order in which they came. */
export function ranked<Key>(counts: ReadonlyMap<Key, number>): readonly Key[] {
  return [...counts].toSorted(([, left], [, right]) => right - left).map(([key]) => key);
}

export function countUp<Key>(counts: Map<Key, number>, key: Key, by = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}

/** Ids of the users by how many contents and conversations they have, the busiest first; then those who have none. */
export const usersByActivity = perDataset(async (dataset) => {
  const counts = new Map<string, number>();
  for await (const { userId } of rowsOf(dataset, 'contents')) countUp(counts, userId);
  for await (const { userId } of rowsOf(dataset, 'conversations')) countUp(counts, userId);
  const idle: string[] = [];
  for await (const { id } of rowsOf(dataset, 'users')) if (!counts.has(id)) idle.push(id);
  return [...ranked(counts), ...idle];
});

/** Ids of knowledge by how many users have learned it, the most popular first; then what nobody has. */
export const knowledgeByPopularity = perDataset(async (dataset) => {
  const counts = new Map<string, number>();
  for await (const { knowledgeId } of rowsOf(dataset, 'learned')) countUp(counts, knowledgeId);
  const unknown: string[] = [];
  for await (const { id } of rowsOf(dataset, 'knowledge')) if (!counts.has(id)) unknown.push(id);
  return [...ranked(counts), ...unknown];
});

/** UUIDs that nobody has: no version of the standard has the number 0. */
export function absentIds(count = parametersPerKind): readonly string[] {
  return Array.from({ length: count }, (_, index) => `ffffffff-ffff-0fff-8fff-${index.toString(16).padStart(12, '0')}`);
}
