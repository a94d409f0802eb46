import type { Dataset } from '../../seeds/dataset.ts';
import { type Difference, differencesShownMax, type PartResult } from './compare-part.ts';
import { digestOf, eachThing, type HeldThings, type Part } from './shared-things.ts';
import type { SlotTable } from './slot-table.ts';

/** What the comparison of a part began with. */
export interface ComparedPart {
  readonly part: Part;
  readonly held: HeldThings;
  /** What every store holds of it. */
  readonly results: readonly PartResult[];
}

/**
 * The first differences of each result, in words, without the store's name. Reads the dataset again for what is not
 * kept as text: ids of what is missing, and whose things are.
 */
export async function nameDifferences(
  dataset: Dataset,
  { part, held, results }: ComparedPart,
  usersInParts: () => AsyncIterable<SlotTable>,
): Promise<readonly (readonly string[])[]> {
  const missing = results.map((): string[] => []);
  const ofOthers = results.flatMap(({ first }) => first.filter((each) => 'owner' in each));
  const roomOf = ({ first, missing }: PartResult) => Math.min(missing, differencesShownMax - first.length);
  const ownersOf = new Map<string, string | undefined>(ofOthers.map(({ id }) => [id, undefined]));
  if (ownersOf.size > 0 || results.some((result) => roomOf(result) > 0)) {
    await eachThing(dataset, part, ({ id, owner }, digest) => {
      if (ownersOf.has(id)) ownersOf.set(id, owner);
      const slot = held.table.find(digest);
      for (const [index, result] of results.entries()) {
        const names = missing[index] as string[];
        if (result.seen[slot] === 0 && names.length < roomOf(result)) names.push(id);
      }
    });
  }
  const users = await usersAmong(new Set(ofOthers.map(({ owner }) => owner)), usersInParts);
  const inWords = (difference: Difference): string => {
    const { id } = difference;
    if ('text' in difference) return `${id} ${difference.text}`;
    const { owner } = difference;
    if (!users.has(owner)) return `${id} belongs to ${owner}, who is no user`;
    return `${id} belongs to ${owner} instead of ${ownersOf.get(id) ?? 'nobody'}`;
  };
  return results.map(({ first }, index) => [
    ...first.map(inWords),
    ...(missing[index] as string[]).map((id) => `${id} is missing`),
  ]);
}

/** Those of the owners that are users of the dataset. */
async function usersAmong(
  owners: ReadonlySet<unknown>,
  usersInParts: () => AsyncIterable<SlotTable>,
): Promise<ReadonlySet<unknown>> {
  const users = new Set<unknown>();
  if (owners.size === 0) return users;
  for await (const table of usersInParts()) {
    for (const owner of owners) if (table.find(digestOf(owner)) !== -1) users.add(owner);
  }
  return users;
}
