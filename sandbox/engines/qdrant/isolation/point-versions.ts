import type { RunningEngine } from '../../contract/topology.ts';
import type { Collection } from './collection-state.ts';
import {
  type PointDifference,
  type PointId,
  type PointVersions,
  pathOf,
  readPoints,
  type Seed,
  samePoint,
  write,
} from './seed.ts';

/**
 * The versions of all points. `undefined` where they cannot all be had: only a search tells them (a listing answers 0 for
 * each), and it finds no point without a vector. One with several vectors, or a limit for searches, is not asked, and one
 * that gives no answer of that length has each of its points looked at.
 */
export async function readVersions(
  running: RunningEngine,
  name: string,
  { config }: Collection,
): Promise<PointVersions | undefined> {
  const { size, multivector_config: several } = config.params.vectors ?? {};
  if (typeof size !== 'number' || several != null || config.strict_mode_config?.enabled === true) return undefined;
  const { count } = (await ask(running, name, 'count', { exact: true })) as { readonly count: number };
  if (count === 0) return new Map();
  // Any vector: what is wanted is that none is left out, and no distance.
  const query = Array.from({ length: size }, (_, index) => (index === 0 ? 1 : 0));
  const answer = await ask(running, name, 'query', { query, limit: count, params: { exact: true } }).catch(() => {});
  const { points = [] } = (answer ?? {}) as {
    readonly points?: readonly { readonly id: PointId; readonly version: number }[];
  };
  const versions = new Map(points.map(({ id, version }) => [id, version]));
  return versions.size === count ? versions : undefined;
}

async function ask(running: RunningEngine, name: string, what: 'count' | 'query', body: object): Promise<unknown> {
  return write(running, 'POST', `${pathOf(name)}/points/${what}`, JSON.stringify(body));
}

/** How a collection differs from its seed. Only points of other versions than those that were right are read. */
export async function differenceByVersion(
  running: RunningEngine,
  name: string,
  seed: Seed,
  { right, found }: { readonly right: PointVersions; readonly found: PointVersions },
): Promise<PointDifference> {
  const written = [...found].flatMap(([id, version]) => (seed.points.has(id) && right.get(id) !== version ? [id] : []));
  const unchanged = new Set<PointId>();
  for await (const point of readPoints(running, name, written)) if (samePoint(seed, point)) unchanged.add(point.id);
  return {
    added: [...found.keys()].filter((id) => !seed.points.has(id)),
    changed: written.filter((id) => !unchanged.has(id)),
    removed: [...seed.points.keys()].filter((id) => !found.has(id)),
  };
}

/** Versions of the points that were found to be as the seed has them; what was put right has another one now. */
export function rightVersions(seed: Seed, found: PointVersions, changed: readonly PointId[] = []): PointVersions {
  const mended = new Set(changed);
  const versions = new Map<PointId, number>();
  // The seed's own ids, which all places share.
  for (const id of seed.points.keys()) {
    const version = found.get(id);
    if (version !== undefined && !mended.has(id)) versions.set(id, version);
  }
  return versions;
}
