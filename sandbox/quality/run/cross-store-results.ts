import type { Dataset } from '../../../seeds/dataset.ts';
import { deadlineMs } from '../../core/deadlines.ts';
import { messageOf } from '../../core/errors.ts';
import { withDeadline } from '../../core/within.ts';
import { checkAcrossStores, type HeldDataset, heldOf } from '../../cross-store/check-across-stores.ts';
import type { Engine } from '../../engines/contract/engine.ts';
import { isExternal, type RunningEngine } from '../../engines/contract/topology.ts';
import type { QualityTarget } from './quality-target.ts';
import type { CheckResult } from './report.ts';
import { closeQuality, openQuality, whyGone } from './run-check.ts';

/** The name of a check across stores, by the words of the cross-store check: `redis holds each user`. */
function idOf(store: string, kind: string): string {
  return `cross-store.${store}.${kind}`;
}

/**
 * What a store holds of each kind of thing that several hold, against the dataset and the others. Stores are read one by
 * one, so that one that is down costs the others nothing.
 */
export async function crossStoreResults(target: QualityTarget, dataset: Dataset): Promise<readonly CheckResult[]> {
  const held = heldOf(dataset);
  const results = await Promise.all(target.engines.map((engine) => resultsOf(engine, target, held)));
  return results.flat();
}

async function resultsOf(
  engine: Engine,
  { running, gone, strict = false, signal }: QualityTarget,
  held: HeldDataset,
): Promise<readonly CheckResult[]> {
  const reached = running.get(engine.name);
  const kinds = Object.keys(engine.data?.readBack ?? {});
  const startedMs = performance.now();
  const known = (kind: string): Omit<CheckResult, 'verdict'> => ({
    check: idOf(engine.name, kind),
    engine: engine.name,
    entity: kind,
    description: `${engine.title} holds each ${kind} of the dataset, as the other stores do.`,
    severity: strict ? 'error' : 'warning',
    cost: 'scan',
    threshold: '0',
    ids: [],
    accepted: 0,
    durationMs: Math.round(performance.now() - startedMs),
  });
  const allUnknown = (reason: string) =>
    kinds.map((kind): CheckResult => ({ ...known(kind), verdict: 'unknown', reason }));
  if (gone?.has(engine.name)) return allUnknown(whyGone(engine));
  if (reached === undefined || isExternal(reached) || kinds.length === 0) return [];
  try {
    const only = new Map([[engine.name, reached as RunningEngine]]);
    // One that is silent would be waited for.
    if (engine.quality !== undefined) await closeQuality(await openQuality(engine.quality, reached));
    const comparing = checkAcrossStores([engine], only, held.dataset, { held });
    const found = await withDeadline(comparing, deadlineMs('qualityAcrossStores'), signal);
    return kinds.map((kind): CheckResult => {
      const count = found.checks.find(({ name }) => name === `${engine.name} holds each ${kind}`)?.differences;
      if (count === undefined) return { ...known(kind), verdict: 'unknown', reason: 'it was not compared' };
      const ids = found.differences.filter((text) => text.startsWith(`${engine.name}: ${kind} `));
      return { ...known(kind), verdict: count === 0 ? 'pass' : 'fail', count, ids };
    });
  } catch (thrown) {
    signal?.throwIfAborted();
    return allUnknown(messageOf(thrown));
  }
}
