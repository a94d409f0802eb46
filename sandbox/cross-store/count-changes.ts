import type { Dataset } from '../../seeds/dataset.ts';
import { digestOfKey, type KeyDigest } from '../core/rows/key-digest.ts';
import type { Holding } from '../engines/contract/data/holdings.ts';
import type { Engine } from '../engines/contract/engine.ts';
import type { ReachableEngine } from '../engines/contract/topology.ts';
import { type Changes, type ChangesOfKind, changesOf } from './changes.ts';
import { differencesShownMax } from './compare-part.ts';
import { isInPart, type Part } from './shared-things.ts';
import { createSlotTable, type SlotTable } from './slot-table.ts';

/** Things of a place that are looked at together at most, in each store: 17 bytes a slot, 18 MB. */
const heldMaxDefault = 500_000;

/** Ids of what was added that are remembered, so that a scan which tells of one again does not count it again. */
const strangersMax = 100_000;

/** What our own query paths write carries this, and goes with them: it is nobody's use of the stack. */
const ownMark = 'sandbox-bench';

export interface CountOptions {
  readonly heldMax?: number;
  /** Places that are looked at. Default: all. */
  readonly only?: (store: string, holding: string) => boolean;
}

/**
 * Holds everything that the stores keep against what the seeding put there, and counts what was added, changed and
 * removed since. What a service has added to the schema is left out. Memory does not grow with the dataset: of things
 * beyond `heldMax` (default: 500,000 a store) a part is looked at after the other.
 */
export async function countChanges(
  engines: readonly Engine[],
  running: ReadonlyMap<string, ReachableEngine>,
  dataset: Dataset,
  { heldMax = heldMaxDefault, only = () => true }: CountOptions = {},
): Promise<Changes> {
  const ofStores = await Promise.all(
    engines.map(async ({ name, data }) => {
      const target = running.get(name);
      const kinds: ChangesOfKind[] = [];
      if (target === undefined) return kinds;
      for (const holding of data?.holdings ?? []) {
        if (only(name, holding.name)) kinds.push(await changesIn(holding, { store: name, target, dataset, heldMax }));
      }
      return kinds;
    }),
  );
  return changesOf(ofStores.flat());
}

/** What is known of a thing that is there. */
const [seenSame, seenChanged] = [1, 2];

interface Place {
  readonly store: string;
  readonly target: ReachableEngine;
  readonly dataset: Dataset;
  readonly heldMax: number;
}

async function changesIn(holding: Holding, { store, target, dataset, heldMax }: Place): Promise<ChangesOfKind> {
  const total = await holding.countMax(dataset);
  const parts = Math.max(1, Math.ceil(total / heldMax));
  const sum = { seeded: 0, added: 0, changed: 0, removed: 0, expired: 0 };
  const examples: string[] = [];
  for (let index = 0; index < parts; index += 1) {
    const part = { index, parts, count: Math.ceil(total / parts) };
    const found = await changesInPart(holding, { target, dataset, part, room: differencesShownMax - examples.length });
    const gone = found.missing > 0 && (await holding.mayHaveExpired?.(target)) ? 'expired' : 'removed';
    sum.seeded += found.seeded;
    sum.added += found.added;
    sum.changed += found.changed;
    sum[gone] += found.missing;
    examples.push(...found.examples, ...(gone === 'removed' ? found.missingKeys.map((key) => `${key} removed`) : []));
  }
  const { name, one, many } = holding;
  return { store, holding: name, one, many, ...sum, examples: examples.slice(0, differencesShownMax) };
}

interface LookedAt {
  readonly target: ReachableEngine;
  readonly dataset: Dataset;
  readonly part: Omit<Part, 'kind'>;
  /** Examples that are asked for at most. */
  readonly room: number;
}

interface ChangesInPart {
  readonly seeded: number;
  readonly added: number;
  readonly changed: number;
  readonly missing: number;
  readonly examples: readonly string[];
  readonly missingKeys: readonly string[];
}

async function changesInPart(holding: Holding, looked: LookedAt): Promise<ChangesInPart> {
  const { target, part, room } = looked;
  const { table, contents } = await seededIn(holding, looked);
  const seen = new Uint8Array(table.slots);
  const strangers = new Set<string>();
  const examples: string[] = [];
  let [found, added, changed] = [0, 0, 0];
  const note = (key: string, what: string) => {
    if (examples.length < room) examples.push(`${key} ${what}`);
  };
  for await (const { key, value, mayRepeat, ofSchema } of holding.held(target)) {
    const digest = digestOfKey(key);
    if (!isInPart(digest, part)) continue;
    const slot = table.find(digest);
    const isNew = slot === -1;
    if (isNew && ofSchema) continue;
    const isSame = !isNew && isContent(contents, slot, digestOfKey(value));
    if (isNew || seen[slot] !== 0) {
      if (mayRepeat && (!isNew || strangers.has(key))) continue;
      if (isNew && (key.includes(ownMark) || value.includes(ownMark))) continue;
      if (mayRepeat && strangers.size < strangersMax) strangers.add(key);
      // One of several under the same key is the one that was put there.
      if (isSame && seen[slot] === seenChanged) {
        changed -= 1;
        seen[slot] = seenSame;
      }
      added += 1;
      note(key, 'added');
      continue;
    }
    seen[slot] = isSame ? seenSame : seenChanged;
    found += 1;
    if (isSame) continue;
    changed += 1;
    note(key, 'changed');
  }
  const seeded = table.count();
  const missing = seeded - found;
  const missingKeys = missing === 0 ? [] : await unseen(holding, looked, { table, seen }, room - examples.length);
  return { seeded, added, changed, missing, examples, missingKeys };
}

function isContent(contents: Uint32Array, slot: number, [high, low]: KeyDigest): boolean {
  return contents[2 * slot] === high && contents[2 * slot + 1] === low;
}

/** What was put there, by digests of keys and contents. */
async function seededIn(
  holding: Holding,
  { dataset, part }: LookedAt,
): Promise<{ readonly table: SlotTable; readonly contents: Uint32Array }> {
  const table = createSlotTable(part.count);
  const contents = new Uint32Array(2 * table.slots);
  for await (const { key, value } of holding.loaded(dataset)) {
    const digest = digestOfKey(key);
    if (!isInPart(digest, part)) continue;
    const slot = table.take(digest);
    [contents[2 * slot], contents[2 * slot + 1]] = digestOfKey(value);
  }
  return { table, contents };
}

/** Keys of the first that are gone: they are not kept as text, so the dataset is read again. */
async function unseen(
  holding: Holding,
  { dataset, part }: LookedAt,
  { table, seen }: { readonly table: SlotTable; readonly seen: Uint8Array },
  room: number,
): Promise<readonly string[]> {
  const keys: string[] = [];
  if (room <= 0) return keys;
  for await (const { key } of holding.loaded(dataset)) {
    const digest = digestOfKey(key);
    if (!isInPart(digest, part) || seen[table.find(digest)] !== 0) continue;
    keys.push(key);
    if (keys.length === room) break;
  }
  return keys;
}
