import type { Dataset } from '../../seeds/dataset.ts';
import type { EntityName, Levels } from '../../seeds/entities.ts';
import { SandboxError } from '../core/errors.ts';
import type { Engine, SharedKind, SharedRow } from '../engines/engine.ts';
import type { RunningEngine } from '../engines/topology.ts';

/** How many differences are told apart by name; the rest are counted. */
const differencesShownMax = 20;

/** One comparison: a kind of thing in one store against what the dataset holds of it. */
export interface CrossStoreCheck {
  /** For example `redis holds each user`. */
  readonly name: string;
  readonly compared: number;
  readonly differences: number;
}

export interface CrossStoreReport {
  readonly ok: boolean;
  readonly checks: readonly CrossStoreCheck[];
  /** The first differences, for people. */
  readonly differences: readonly string[];
}

const entityOfKind: Readonly<Record<SharedKind, EntityName>> = {
  user: 'users',
  content: 'contents',
  conversation: 'conversations',
  concept: 'concepts',
  knowledge: 'knowledge',
};

/**
 * Reads every store back and holds what it says of shared things against the dataset and the other stores: each
 * thing is there once, belongs to a user that is there, and has the same levels everywhere.
 */
export async function checkAcrossStores(
  engines: readonly Engine[],
  running: ReadonlyMap<string, RunningEngine>,
  dataset: Dataset,
): Promise<CrossStoreReport> {
  // Kind by kind: what is known of one is let go before the next.
  const users = await collect(dataset, 'user');
  const compared = new Map<string, Result>();
  for (const kind of Object.keys(entityOfKind) as SharedKind[]) {
    const readers = engines.flatMap((engine) => {
      const read = engine.readBack[kind];
      const target = running.get(engine.name);
      return read === undefined || target === undefined ? [] : [{ store: engine.name, rows: read(target) }];
    });
    if (readers.length === 0) continue;
    const expected = kind === 'user' ? users : await collect(dataset, kind);
    const results = await Promise.all(
      readers.map(({ store, rows }) => compare(store, kind, rows, { expected, users })),
    );
    readers.forEach(({ store }, index) => {
      compared.set(`${store} ${kind}`, results[index] as Result);
    });
  }
  const results = engines.flatMap(({ name, readBack }) =>
    Object.keys(readBack).flatMap((kind) => compared.get(`${name} ${kind}`) ?? []),
  );
  return {
    ok: results.every(({ differences }) => differences === 0),
    checks: results.map(({ first: _, ...check }) => check),
    differences: results.flatMap(({ first }) => first).slice(0, differencesShownMax),
  };
}

/** {@link checkAcrossStores} for callers that cannot go on without agreement. Throws `CROSS_STORE_DIFFERENT`. */
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
    next: 'Load the data anew: `npm run sandbox -- seed --reset`.',
    evidence: report.differences.join('\n'),
  });
}

const axes = ['silicon', 'consciousness', 'thinking'] as const satisfies readonly (keyof Levels)[];

/** Stands for a level that the dataset does not give a kind. */
const noLevel = -1;

/** What the dataset holds of a kind, as small as it can be: half a million things are checked in some 50 MB. */
interface Expected {
  /** Place of each thing in the lists below, by its id. */
  readonly places: ReadonlyMap<string, number>;
  readonly owners: readonly (string | undefined)[];
  /** Three for each thing. */
  readonly levels: Int8Array;
}

async function collect(dataset: Dataset, kind: SharedKind): Promise<Expected> {
  const entity = entityOfKind[kind];
  const places = new Map<string, number>();
  const owners: (string | undefined)[] = [];
  const levels = new Int8Array(dataset.counts[entity] * axes.length).fill(noLevel);
  // One text for each owner, however many things are theirs.
  const texts = new Map<string, string>();
  const intern = (text: string) => {
    const known = texts.get(text);
    if (known === undefined) texts.set(text, text);
    return known ?? text;
  };
  for await (const batch of dataset.batches(entity)) {
    for (const row of batch) {
      const { id, owner, levels: own } = sharedRow(kind, row);
      const place = places.size;
      places.set(id, place);
      owners.push(owner === undefined ? undefined : intern(owner));
      for (const [index, axis] of axes.entries()) levels[place * axes.length + index] = own?.[axis] ?? noLevel;
    }
  }
  return { places, owners, levels };
}

/** A row of the dataset as the stores tell of it. */
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

interface Result extends CrossStoreCheck {
  /** The first differences. */
  readonly first: readonly string[];
}

interface Known {
  readonly expected: Expected;
  readonly users: Expected;
}

async function compare(store: string, kind: SharedKind, rows: AsyncIterable<SharedRow>, known: Known): Promise<Result> {
  const { places } = known.expected;
  const first: string[] = [];
  let differences = 0;
  const differ = (id: string, text: string) => {
    differences += 1;
    if (first.length < differencesShownMax) first.push(`${store}: ${kind} ${id} ${text}`);
  };
  const seen = new Uint8Array(places.size);
  for await (const row of rows) {
    const place = places.get(row.id);
    if (place === undefined) {
      differ(row.id, 'is not in the dataset');
      continue;
    }
    if (seen[place] === 1) differ(row.id, 'is there more than once');
    seen[place] = 1;
    for (const text of differencesOf(row, place, known)) differ(row.id, text);
  }
  for (const [id, place] of places) if (seen[place] === 0) differ(id, 'is missing');
  return { name: `${store} holds each ${kind}`, compared: places.size, differences, first };
}

function differencesOf(row: SharedRow, place: number, { expected, users }: Known): string[] {
  const differences: string[] = [];
  const owner = expected.owners[place];
  // A store that keeps owners and has none for this one says so with an owner that is undefined.
  if ('owner' in row && row.owner === undefined) {
    differences.push('belongs to nobody');
  } else if (row.owner !== undefined && !users.places.has(row.owner)) {
    differences.push(`belongs to ${row.owner}, who is no user`);
  } else if (row.owner !== undefined && owner !== undefined && row.owner !== owner) {
    differences.push(`belongs to ${row.owner} instead of ${owner}`);
  }
  for (const [index, axis] of axes.entries()) {
    const level = row.levels?.[axis];
    const other = expected.levels[place * axes.length + index] ?? noLevel;
    if (level !== undefined && other !== noLevel && other !== level) {
      differences.push(`has ${axis} level ${level} instead of ${other}`);
    }
  }
  return differences;
}
