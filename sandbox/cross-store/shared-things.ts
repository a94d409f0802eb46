import type { Dataset } from '../../seeds/dataset.ts';
import type { EntityName, Levels } from '../../seeds/entities.ts';
import { digestOfKey, type KeyDigest } from '../core/rows/key-digest.ts';
import type { SharedKind, SharedRow } from '../engines/contract/data.ts';
import { createSlotTable, type SlotTable } from './slot-table.ts';

export const entityOfKind: Readonly<Record<SharedKind, EntityName>> = {
  user: 'users',
  content: 'contents',
  conversation: 'conversations',
  concept: 'concepts',
  knowledge: 'knowledge',
};

export const axes = ['silicon', 'consciousness', 'thinking'] as const satisfies readonly (keyof Levels)[];

/** Stands for a level that the dataset does not give a kind. */
const noLevel = -1;

/** Some of the things of a kind, by their id: what is looked at together, so that memory has a bound at any size. */
export interface Part {
  readonly kind: SharedKind;
  /** Of `parts`, from 0. */
  readonly index: number;
  readonly parts: number;
  /** Things in it, about. */
  readonly count: number;
}

/** What the dataset holds of a part: 20 bytes a slot. */
export interface HeldThings {
  readonly table: SlotTable;
  readonly hasOwners: boolean;
  /** Digest of the owner of each, two numbers; zeros where it has none. */
  readonly owners: Uint32Array;
  /** 1 where the owner is a user of the dataset. */
  readonly ownerIsUser: Uint8Array;
  /** Three for each, one more than the level; 0 where the dataset gives none. */
  readonly levels: Int8Array;
}

/** The parts of a kind, of at most about `heldMax` things each. */
export function partsOf(dataset: Dataset, kind: SharedKind, heldMax: number): readonly Part[] {
  const total = dataset.counts[entityOfKind[kind]];
  const parts = Math.max(1, Math.ceil(total / heldMax));
  return Array.from({ length: parts }, (_, index) => ({ kind, index, parts, count: Math.ceil(total / parts) }));
}

export function isInPart([high]: KeyDigest, { index, parts }: Pick<Part, 'index' | 'parts'>): boolean {
  return high % parts === index;
}

/** Of a text; a value that is none has a digest that no text has. */
export function digestOf(value: unknown): KeyDigest {
  return digestOfKey(typeof value === 'string' ? value : `\0${typeof value} ${String(value)}`);
}

/** The dataset's rows of a part, as the stores tell of them. */
export async function eachThing(
  dataset: Dataset,
  part: Part,
  look: (thing: SharedRow, digest: KeyDigest) => void,
): Promise<void> {
  for await (const batch of dataset.batches(entityOfKind[part.kind])) {
    for (const row of batch) {
      const thing = sharedRow(part.kind, row);
      const digest = digestOf(thing.id);
      if (isInPart(digest, part)) look(thing, digest);
    }
  }
}

export async function hold(dataset: Dataset, part: Part): Promise<HeldThings> {
  const table = createSlotTable(part.count);
  const owners = new Uint32Array(2 * table.slots);
  const levels = new Int8Array(axes.length * table.slots);
  let hasOwners = false;
  await eachThing(dataset, part, ({ owner, levels: own }, digest) => {
    const slot = table.take(digest);
    if (owner !== undefined) {
      hasOwners = true;
      [owners[2 * slot], owners[2 * slot + 1]] = digestOf(owner);
    }
    for (const [index, axis] of axes.entries()) levels[slot * axes.length + index] = (own?.[axis] ?? noLevel) + 1;
  });
  return { table, hasOwners, owners, levels, ownerIsUser: new Uint8Array(table.slots) };
}

/** Marks the owners that are among these users. */
export function markOwners({ table, owners, ownerIsUser }: HeldThings, users: SlotTable): void {
  for (let slot = 0; slot < table.slots; slot += 1) {
    const owner = [owners[2 * slot] as number, owners[2 * slot + 1] as number] as const;
    if ((owner[0] !== 0 || owner[1] !== 0) && users.find(owner) !== -1) ownerIsUser[slot] = 1;
  }
}

function sharedRow(kind: SharedKind, row: object): SharedRow {
  const { id, name, userId, levels, siliconLevel } = row as {
    id: string;
    name: string;
    userId?: string;
    levels?: Levels;
    siliconLevel?: number;
  };
  return {
    id: kind === 'concept' ? name : id,
    ...(userId === undefined ? {} : { owner: userId }),
    levels: levels ?? (siliconLevel === undefined ? {} : { silicon: siliconLevel }),
  };
}
