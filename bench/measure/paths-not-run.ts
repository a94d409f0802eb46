import { bindReads } from '../../sandbox/cross-store/query-paths/cross-store-path.ts';
import { acrossStores, crossStorePaths } from '../../sandbox/cross-store/query-paths.ts';
import type { PlatformReadName } from '../../sandbox/engines/contract/bench/platform-reads.ts';
import { splitByCapability } from '../../sandbox/engines/contract/lacks.ts';
import { engineNames } from '../../sandbox/engines/engine-names.ts';
import { loadEngines } from '../../sandbox/engines/load-engines.ts';
import type { BenchTarget } from '../bench-target.ts';
import type { PathNotRun } from '../results.ts';

/** Paths through several stores that lack one here, with the engines that are missing. None where paths were named. */
export async function pathsWithoutStores(
  { engines, running, readFrom }: BenchTarget,
  names: readonly string[] = [],
): Promise<readonly PathNotRun[]> {
  if (names.length > 0) return [];
  const stores = engines.flatMap((engine) => {
    const target = running.get(engine.name);
    return target === undefined ? [] : [{ engine, running: target }];
  });
  const notRun: PathNotRun[] = [];
  for (const path of crossStorePaths) {
    const found = bindReads(path, stores, readFrom);
    if (!('lacking' in found)) continue;
    const missing = await enginesThatOffer(found.lacking);
    const reason = `it goes through ${missing.join(' and ')} too, which ${missing.length === 1 ? 'is' : 'are'} not measured here`;
    notRun.push({ engine: acrossStores, path: path.name, reason, isLeftOut: true });
  }
  return notRun;
}

/** Engines whose speed is not measured at all. None where paths were named. */
export function enginesWithoutPaths(
  { engines, running }: BenchTarget,
  names: readonly string[] = [],
): readonly PathNotRun[] {
  if (names.length > 0) return [];
  const { unable } = splitByCapability(
    engines.filter(({ name }) => running.has(name)),
    'bench',
  );
  return unable.map(({ engine, reason }) => ({ engine: engine.name, path: 'query paths', reason }));
}

/** Drivers of engines that do not run are loaded only where one is missing. */
async function enginesThatOffer(reads: readonly PlatformReadName[]): Promise<readonly string[]> {
  const known = await loadEngines(engineNames);
  return known
    .filter(({ bench }) => reads.some((read) => bench?.platformReads?.names.includes(read)))
    .map(({ name }) => name);
}
