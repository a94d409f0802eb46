import type { Dataset } from '../../../../../seeds/dataset.ts';
import { AsyncDisposableStack } from '../../../../core/disposable-stack.ts';
import {
  absentIds,
  hotAndCold,
  notOurData,
  perDataset,
  rowsOf,
  rowsWhere,
  usersByActivity,
} from '../../../contract/bench/path-parameters.ts';
import {
  type PathContext,
  type PreparedPath,
  type QueryPath,
  usualShares,
} from '../../../contract/bench/query-path.ts';
import { isExternal, type ReachableEngine } from '../../../contract/topology.ts';
import { preparePath } from '../../../shared/bench/prepare-path.ts';
import { scan } from '../../data/load.ts';
import { expiredSpaces } from '../../data/mark.ts';
import { cacheAgain } from '../../data/refill.ts';
import { cacheKey, type KeySpace, lifetimesS, readCached } from '../../schema/cache.ts';
import { connect } from '../../server/connection.ts';
import { openMasters } from '../../server/masters.ts';
import { cachedUserReference } from '../redis-benchmark.ts';
import { commandsCheck } from './commands-of-path.ts';

/** Answer of PTTL for a key that is not there (Redis documentation, "PTTL"). */
const keyIsGone = -2;

/** What expires within this time lives on from now: it would be gone before the path is measured. */
const soonMs = 600_000;

interface CachePath extends Pick<QueryPath, 'name' | 'description' | 'reference'> {
  readonly space: KeySpace;
}

/** Ids that are cached in a key space, those of the busiest users first where they are users'. */
const cachedIds = perDataset(async (dataset) => {
  const ids: Record<KeySpace, string[]> = { user: [], conversation: [], knowledge_graph: [] };
  for await (const { key } of rowsOf(dataset, 'cacheEntries')) {
    const [space = '', id = ''] = key.split(':');
    ids[space as KeySpace].push(id);
  }
  const rank = new Map((await usersByActivity(dataset)).map((id, index) => [id, index]));
  const rankOf = (id: string) => rank.get(id) ?? rank.size;
  for (const space of ['user', 'knowledge_graph'] as const) {
    ids[space].sort((left, right) => rankOf(left) - rankOf(right));
  }
  return ids;
});

/** One GET: a hit for what is hot or cold, a miss for what is absent. */
function cachePath({ space, ...path }: CachePath): QueryPath {
  return {
    ...path,
    plan: '1 GET that hits, or misses what is absent',
    shares: usualShares,
    objective: { p99Ms: 2 },
    reads: [space],
    missing: (running) => missingKeys(running, space),
    prepare: (context) => prepare(space, context),
  };
}

async function prepare(space: KeySpace, { running, dataset }: PathContext): Promise<PreparedPath> {
  await using stack = new AsyncDisposableStack();
  const { client } = stack.use(await connect(running));
  const ids = dataset === undefined ? await sampledIds(running, space) : (await cachedIds(dataset))[space];
  const request = (id: string) => readCached(client, space, id);
  const warmUp = (wanted: readonly string[]) => warmUpExpired({ running, dataset }, space, wanted);
  const { hot, cold } = hotAndCold(ids);
  let mayMiss = false;
  await warmUp([...hot, ...cold]);
  const prepared = preparePath<string, unknown>({
    parameters: { hot, cold, absent: absentIds() },
    shares: usualShares,
    request,
    bare: (id) => client.get(cacheKey(space, id)),
    yardstick: () => client.ping(),
    plan: async (id, kind) => {
      const there = kind === 'absent' ? 0 : 1;
      if (there === 1) await warmUp([id]);
      return commandsCheck(client, running, () => request(id), { GET: 1, hits: there, misses: 1 - there });
    },
    answer: (value) => (value === undefined ? '' : JSON.stringify(value)),
    known:
      dataset === undefined
        ? notOurData
        : async (asked) => {
            await warmUp(asked);
            mayMiss = await hasExpired(running, space);
            return knownValues(dataset, space, asked);
          },
    // A value whose lifetime has passed may be gone again, or on a server that is not filled by us.
    judge: (answer, known) => answer === known || (mayMiss && answer === ''),
    dispose: async () => {},
  });
  const kept = stack.move();
  return { ...prepared, [Symbol.asyncDispose]: () => kept[Symbol.asyncDispose]() };
}

/**
 * Caches again, as the platform does, what of the dataset has expired since it was loaded, or is about to: a path of a
 * cache is measured warm. What is missing before its time, and a server of somebody else's, is left as it is.
 */
async function warmUpExpired(
  { running, dataset }: PathContext,
  space: KeySpace,
  ids: readonly string[],
): Promise<void> {
  if (dataset === undefined || isExternal(running)) return;
  await using masters = await openMasters(running);
  const gone = new Set<string>();
  const leftMs = await Promise.all(ids.map((id) => masters.of(cacheKey(space, id)).pttl(cacheKey(space, id))));
  for (const [index, id] of ids.entries()) {
    const key = cacheKey(space, id);
    const left = leftMs[index] as number;
    if (left === keyIsGone) gone.add(key);
    else if (left >= 0 && left < soonMs) await masters.of(key).expire(key, lifetimesS[space]);
  }
  if (gone.size === 0 || !(await expiredSpaces(masters)).includes(space)) return;
  await cacheAgain(masters, await rowsWhere(dataset, 'cacheEntries', ({ key }) => gone.has(key)));
}

async function knownValues(dataset: Dataset, space: KeySpace, asked: readonly string[]): Promise<readonly string[]> {
  const keys = new Set(asked.map((id) => cacheKey(space, id)));
  const values = new Map<string, string>();
  for await (const { key, value } of rowsOf(dataset, 'cacheEntries')) {
    if (keys.has(key)) values.set(key, JSON.stringify(JSON.parse(value)));
  }
  return asked.map((id) => values.get(cacheKey(space, id)) ?? '');
}

async function sampledIds(running: ReachableEngine, space: KeySpace, count = 500): Promise<readonly string[]> {
  await using masters = await openMasters(running);
  const ids = new Set<string>();
  for (const client of masters.clients) {
    for await (const keys of scan(client, `${space}:*`)) {
      for (const key of keys) ids.add(key.slice(space.length + 1));
      if (ids.size >= count) return [...ids].slice(0, count);
    }
  }
  return [...ids];
}

async function missingKeys(running: ReachableEngine, space: KeySpace): Promise<readonly string[]> {
  if ((await sampledIds(running, space, 1)).length > 0) return [];
  // In a stack of ours the path fills the cache again.
  if (!isExternal(running) && (await hasExpired(running, space))) return [];
  const again = isExternal(running) ? '' : ': load them again with `npm run sandbox -- seed`';
  return [`keys ${space}:*, which live for ${lifetimesS[space] / 60} minutes${again}`];
}

/** Whether the lifetime of what was loaded has passed. */
async function hasExpired(running: ReachableEngine, space: KeySpace): Promise<boolean> {
  await using masters = await openMasters(running);
  return (await expiredSpaces(masters)).includes(space);
}

export const cachePaths: readonly QueryPath[] = [
  cachePath({
    name: 'cached user',
    description: 'A user from the cache by its id: one GET.',
    space: 'user',
    reference: cachedUserReference,
  }),
  cachePath({
    name: 'cached conversation',
    description: 'A conversation from the cache by its session.',
    space: 'conversation',
  }),
  cachePath({
    name: 'cached knowledge graph',
    description: "A user's part of the knowledge graph from the cache.",
    space: 'knowledge_graph',
  }),
];
