import type { Dataset } from '../../seeds/dataset.ts';
import { SandboxError } from '../core/errors.ts';
import type { ReadBack, SharedKind } from '../engines/contract/data.ts';
import type { Engine } from '../engines/contract/engine.ts';
import type { RunningEngine } from '../engines/contract/topology.ts';
import type { Changes } from './changes.ts';
import { comparePart, differencesShownMax, type PartResult } from './compare-part.ts';
import { nameDifferences } from './name-differences.ts';
import { entityOfKind, type HeldThings, hold, markOwners, type Part, partsOf } from './shared-things.ts';
import type { SlotTable } from './slot-table.ts';

/**
 * Things that are looked at together at most: 24 bytes a slot with four stores, 50 MB. `large` has 855,219 of all kinds,
 * so each store is read once; of what has more, several times, and memory stays what it is.
 */
const heldMaxDefault = 1_000_000;

/** One comparison: a kind of thing in one store against what the dataset holds of it. */
export interface CrossStoreCheck {
  /** For example `redis holds each user`. */
  readonly name: string;
  /** Things of the dataset that were looked for. */
  readonly compared: number;
  /** Things that are missing, too many, or otherwise than in the dataset. */
  readonly differences: number;
  /** Missing because their lifetime in the store has passed: no difference. Absent where nothing had one that passed. */
  readonly expired?: number;
}

/** Whether the stores agree with the dataset and each other. */
export interface CrossStoreReport {
  /** No check found a difference. */
  readonly ok: boolean;
  /** One for each kind of thing that a store holds, by engine as they were named. */
  readonly checks: readonly CrossStoreCheck[];
  /** The first 20 differences, for people. */
  readonly differences: readonly string[];
  /** What was added, changed or removed since the seeding. Absent where everything was loaded just now. */
  readonly changes?: Changes;
}

/**
 * Reads every store back and holds what it says of shared things against the dataset and the other stores: each
 * thing is there once, belongs to a user that is there, and has the same levels everywhere.
 * Memory does not grow with the dataset: of things beyond `heldMax` (default: 1,000,000) a part is looked at after the
 * other. Ids are compared by 64 bits of their hash. An engine that has no data, or is not in `running`, is left out.
 * Throws what a store throws that cannot be read.
 */
export async function checkAcrossStores(
  engines: readonly Engine[],
  running: ReadonlyMap<string, RunningEngine>,
  dataset: Dataset,
  { heldMax = heldMaxDefault, held = heldOf(dataset, heldMax) }: CompareOptions = {},
): Promise<CrossStoreReport> {
  const readersOf = (kind: SharedKind) =>
    engines.flatMap(({ name: store, data }) => {
      const [read, target] = [data?.readBack[kind], running.get(store)];
      if (read === undefined || target === undefined) return [];
      const mayHaveExpired = async () => (await data?.expiredKinds?.(target))?.includes(kind) ?? false;
      return [{ store, rows: () => read(target), mayHaveExpired }];
    });
  const read = (Object.keys(entityOfKind) as SharedKind[]).filter((kind) => readersOf(kind).length > 0);
  const parts = read.flatMap((kind) => partsOf(dataset, kind, heldMax));
  const results = new Map<string, Result>();
  for (const together of inGroups(parts, heldMax)) {
    const compared = await Promise.all(together.map((part) => comparedPart(held, part, readersOf(part.kind))));
    for (const result of compared.flat()) results.set(result.name, add(results.get(result.name), result));
  }
  const inOrder = engines.flatMap(({ name, data }) =>
    (Object.keys(data?.readBack ?? {}) as SharedKind[]).flatMap((kind) => results.get(checkName(name, kind)) ?? []),
  );
  return {
    ok: inOrder.every(({ differences }) => differences === 0),
    checks: inOrder.map(({ first: _, ...check }) => check),
    differences: inOrder.flatMap(({ first }) => first).slice(0, differencesShownMax),
  };
}

/**
 * {@link checkAcrossStores} for callers that cannot go on without agreement. Throws `CROSS_STORE_DIFFERENT`, with the first
 * differences as its evidence.
 */
export async function requireAgreement(
  engines: readonly Engine[],
  running: ReadonlyMap<string, RunningEngine>,
  dataset: Dataset,
): Promise<CrossStoreReport> {
  const report = await checkAcrossStores(engines, running, dataset);
  if (report.ok) return report;
  const count = report.checks.reduce((total, check) => total + check.differences, 0);
  throw new SandboxError({
    code: 'CROSS_STORE_DIFFERENT',
    message: `The stores disagree in ${count} places.`,
    next: '`npm run sandbox -- seed --reset` loads the data anew, and DELETES what was added or changed.',
    evidence: report.differences.join('\n'),
  });
}

interface Result extends CrossStoreCheck {
  /** The first differences. */
  readonly first: readonly string[];
}

function checkName(store: string, kind: SharedKind): string {
  return `${store} holds each ${kind}`;
}

function add(before: Result | undefined, { name, compared, differences, expired = 0, first }: Result): Result {
  const expiredInAll = (before?.expired ?? 0) + expired;
  return {
    name,
    ...(expiredInAll === 0 ? {} : { expired: expiredInAll }),
    compared: (before?.compared ?? 0) + compared,
    differences: (before?.differences ?? 0) + differences,
    first: [...(before?.first ?? []), ...first].slice(0, differencesShownMax),
  };
}

/** Parts that are looked at side by side, because they have no more than so many things together. */
function inGroups(parts: readonly Part[], heldMax: number): readonly (readonly Part[])[] {
  const groups: Part[][] = [];
  let heldNow = Number.POSITIVE_INFINITY;
  for (const part of parts) {
    if (heldNow + part.count > heldMax) {
      groups.push([]);
      heldNow = 0;
    }
    groups.at(-1)?.push(part);
    heldNow += part.count;
  }
  return groups;
}

/** How stores are compared. */
export interface CompareOptions {
  /** Things that are looked at together at most. Default: 1,000,000. */
  readonly heldMax?: number;
  /** What the dataset holds, for several comparisons with it. Default: made anew. */
  readonly held?: HeldDataset;
}

/** What the dataset holds of each part, and its users, to whom things belong. */
export interface HeldDataset {
  readonly dataset: Dataset;
  readonly hold: (part: Part) => Promise<HeldThings>;
  readonly usersInParts: () => AsyncIterable<SlotTable>;
}

/**
 * Users that fit into one part are made once: they are a kind of their own, and owners. Where all kinds fit together, all
 * of them are, for several comparisons. Default of `heldMax`: 1,000,000 things.
 */
export function heldOf(dataset: Dataset, heldMax = heldMaxDefault): HeldDataset {
  const userParts = partsOf(dataset, 'user', heldMax);
  const total = Object.values(entityOfKind).reduce((sum, entity) => sum + dataset.counts[entity], 0);
  const made = new Map<SharedKind, Promise<HeldThings>>();
  const holdPart = (part: Part): Promise<HeldThings> => {
    if (part.parts > 1 || (part.kind !== 'user' && total > heldMax)) return hold(dataset, part);
    const things = made.get(part.kind) ?? hold(dataset, part);
    made.set(part.kind, things);
    return things;
  };
  return {
    dataset,
    hold: holdPart,
    async *usersInParts() {
      for (const part of userParts) yield (await holdPart(part)).table;
    },
  };
}

async function comparedPart(
  { dataset, hold, usersInParts }: HeldDataset,
  part: Part,
  readers: readonly {
    readonly store: string;
    readonly rows: () => ReturnType<NonNullable<ReadBack[SharedKind]>>;
    /** Asked once the rows were read: what went meanwhile counts too. */
    readonly mayHaveExpired: () => Promise<boolean>;
  }[],
): Promise<readonly Result[]> {
  const held = await hold(part);
  if (held.hasOwners) for await (const users of usersInParts()) markOwners(held, users);
  const results = await Promise.all(
    readers.map(async ({ rows, mayHaveExpired }) => {
      const result = await comparePart(rows(), part, held);
      return result.missing > 0 && (await mayHaveExpired()) ? withoutExpired(result) : { ...result, expired: 0 };
    }),
  );
  const names = await nameDifferences(dataset, { part, held, results }, usersInParts);
  return readers.map(({ store }, index) => {
    const { compared, differences, expired } = results[index] as (typeof results)[number];
    const first = (names[index] as readonly string[]).map((text) => `${store}: ${part.kind} ${text}`);
    return { name: checkName(store, part.kind), compared, differences, expired, first };
  });
}

/** What is missing had a lifetime that has passed; what is there is compared all the same. */
function withoutExpired(result: PartResult): PartResult & { readonly expired: number } {
  const { differences, missing } = result;
  return { ...result, differences: differences - missing, missing: 0, expired: missing };
}
