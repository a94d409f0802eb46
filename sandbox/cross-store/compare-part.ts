import type { KeyDigest } from '../core/rows/key-digest.ts';
import type { SharedRow } from '../engines/contract/data.ts';
import { axes, digestOf, type HeldThings, isInPart, type Part } from './shared-things.ts';

/** How many differences are told apart by name; the rest are counted. */
export const differencesShownMax = 20;

/** How many ids that are nobody's are remembered, so that a scan which tells of one again does not count it again. */
const strangersMax = 10_000;

/** A difference that is told in words once the dataset was read again: what should be there is not kept as text. */
export type Difference =
  | { readonly id: string; readonly text: string }
  /** Belongs to somebody else than in the dataset. */
  | { readonly id: string; readonly owner: unknown };

/** What one store holds of a part, against the dataset. */
export interface PartResult {
  readonly compared: number;
  readonly differences: number;
  /** The first that are no missing ones. */
  readonly first: readonly Difference[];
  readonly missing: number;
  /** 1 for each slot whose thing the store holds. */
  readonly seen: Uint8Array;
}

/** Reads what a store holds, and compares what belongs to the part. */
export async function comparePart(rows: AsyncIterable<SharedRow>, part: Part, held: HeldThings): Promise<PartResult> {
  const seen = new Uint8Array(held.table.slots);
  const strangers = new Set<string>();
  const first: Difference[] = [];
  let [differences, found] = [0, 0];
  const differ = (difference: Difference) => {
    differences += 1;
    if (first.length < differencesShownMax) first.push(difference);
  };
  for await (const row of rows) {
    const digest = digestOf(row.id);
    if (!isInPart(digest, part)) continue;
    const slot = held.table.find(digest);
    if (slot === -1) {
      if (row.ofSchema) continue;
      if (row.mayRepeat && strangers.has(row.id)) continue;
      if (row.mayRepeat && strangers.size < strangersMax) strangers.add(row.id);
      differ({ id: row.id, text: 'is not in the dataset' });
      continue;
    }
    if (seen[slot] === 1) {
      if (row.mayRepeat) continue;
      differ({ id: row.id, text: 'is there more than once' });
    } else {
      seen[slot] = 1;
      found += 1;
    }
    for (const difference of differencesOf(row, slot, held)) differ(difference);
  }
  const compared = held.table.count();
  const missing = compared - found;
  return { compared, differences: differences + missing, first, missing, seen };
}

function differencesOf(row: SharedRow, slot: number, held: HeldThings): Difference[] {
  const { id, owner } = row;
  const differences: Difference[] = [];
  // A store that keeps owners and has none for this one says so with an owner that is undefined.
  if ('owner' in row && owner === undefined) differences.push({ id, text: 'belongs to nobody' });
  else if (owner !== undefined && !isOwner(digestOf(owner), slot, held)) differences.push({ id, owner });
  for (const [index, axis] of axes.entries()) {
    const level = row.levels?.[axis];
    const other = (held.levels[slot * axes.length + index] as number) - 1;
    if (level !== undefined && other >= 0 && other !== level) {
      differences.push({ id, text: `has ${axis} level ${level} instead of ${other}` });
    }
  }
  return differences;
}

/** An owner is right who is the dataset's own for the thing, and a user there. */
function isOwner([high, low]: KeyDigest, slot: number, { owners, ownerIsUser }: HeldThings): boolean {
  return owners[2 * slot] === high && owners[2 * slot + 1] === low && ownerIsUser[slot] === 1;
}
