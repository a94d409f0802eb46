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
  const expected = await expectedRows(dataset);
  const tasks = engines.flatMap((engine) => {
    const target = running.get(engine.name);
    if (target === undefined) return [];
    return Object.entries(engine.readBack).map(([kind, read]) => ({
      engine,
      kind: kind as SharedKind,
      rows: read(target),
    }));
  });
  const results = await Promise.all(tasks.map(({ engine, kind, rows }) => compare(engine.name, kind, rows, expected)));
  const all = results.flatMap((result) => result.differences);
  return {
    ok: all.length === 0,
    checks: results.map(({ name, compared, differences }) => ({ name, compared, differences: differences.length })),
    differences: all.slice(0, differencesShownMax),
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

type Expected = Readonly<Record<SharedKind, ReadonlyMap<string, SharedRow>>>;

async function expectedRows(dataset: Dataset): Promise<Expected> {
  const [user, content, conversation, concept, knowledge] = await Promise.all([
    collect(dataset, 'user', (row: { id: string; levels: Levels }) => ({ id: row.id, levels: row.levels })),
    collect(dataset, 'content', (row: { id: string; userId: string; siliconLevel: number }) => ({
      id: row.id,
      owner: row.userId,
      levels: { silicon: row.siliconLevel },
    })),
    collect(dataset, 'conversation', (row: { id: string; userId: string }) => ({ id: row.id, owner: row.userId })),
    collect(dataset, 'concept', (row: { name: string; siliconLevel: number }) => ({
      id: row.name,
      levels: { silicon: row.siliconLevel },
    })),
    collect(dataset, 'knowledge', (row: { id: string; siliconLevel: number }) => ({
      id: row.id,
      levels: { silicon: row.siliconLevel },
    })),
  ]);
  return { user, content, conversation, concept, knowledge };
}

async function collect<Row>(
  dataset: Dataset,
  kind: SharedKind,
  rowOf: (row: Row) => SharedRow,
): Promise<ReadonlyMap<string, SharedRow>> {
  const rows = new Map<string, SharedRow>();
  for await (const batch of dataset.batches(entityOfKind[kind])) {
    for (const entity of batch) {
      const row = rowOf(entity as Row);
      rows.set(row.id, row);
    }
  }
  return rows;
}

async function compare(
  store: string,
  kind: SharedKind,
  rows: AsyncIterable<SharedRow>,
  expected: Expected,
): Promise<{ name: string; compared: number; differences: string[] }> {
  const differences: string[] = [];
  const missing = new Map(expected[kind]);
  const seen = new Set<string>();
  for await (const row of rows) {
    const differ = (text: string) => differences.push(`${store}: ${kind} ${row.id} ${text}`);
    if (seen.has(row.id)) differ('is there more than once');
    seen.add(row.id);
    missing.delete(row.id);
    const wanted = expected[kind].get(row.id);
    if (wanted === undefined) differ('is not in the dataset');
    else differencesOf(row, wanted, expected).forEach(differ);
  }
  for (const id of missing.keys()) differences.push(`${store}: ${kind} ${id} is missing`);
  return { name: `${store} holds each ${kind}`, compared: expected[kind].size, differences };
}

function differencesOf(row: SharedRow, wanted: SharedRow, expected: Expected): string[] {
  const differences: string[] = [];
  // A store that keeps owners and has none for this one says so with an owner that is undefined.
  if ('owner' in row && row.owner === undefined) {
    differences.push('belongs to nobody');
  } else if (row.owner !== undefined && !expected.user.has(row.owner)) {
    differences.push(`belongs to ${row.owner}, who is no user`);
  } else if (row.owner !== undefined && wanted.owner !== undefined && row.owner !== wanted.owner) {
    differences.push(`belongs to ${row.owner} instead of ${wanted.owner}`);
  }
  for (const [axis, level] of Object.entries(row.levels ?? {})) {
    const other = wanted.levels?.[axis as keyof Levels];
    if (other !== undefined && other !== level) differences.push(`has ${axis} level ${level} instead of ${other}`);
  }
  return differences;
}
