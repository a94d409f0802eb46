import type { Dataset } from '../../../seeds/dataset.ts';
import { type CrossStoreReport, requireAgreement } from '../../cross-store/check-across-stores.ts';
import { besideUsed, checkUsedStores } from '../../cross-store/check-used-stores.ts';
import type { Engine } from '../../engines/contract/engine.ts';
import type { RunningEngine } from '../../engines/contract/topology.ts';
import type { StateKeeper } from '../state/state-keeper.ts';

/** Stores that a load has begun in and no check has passed yet, by this start or one before. */
export function uncheckedEngines(keeper: StateKeeper): readonly string[] {
  return keeper.state().unchecked ?? [];
}

/** Says so before the first row is written: a load that is cut off, or that goes wrong, is no use of the stack. */
export async function markUnchecked(keeper: StateKeeper, engine: Engine): Promise<void> {
  await keeper.update({ unchecked: [...new Set([...uncheckedEngines(keeper), engine.name])] });
}

/**
 * Holds stores that were loaded now against the dataset and each other. Those that were there already may have been
 * worked with: what has changed in them is counted. Nothing where nothing was loaded. Throws `CROSS_STORE_DIFFERENT`.
 */
export async function checkAfterLoad(
  keeper: StateKeeper,
  engines: readonly Engine[],
  running: ReadonlyMap<string, RunningEngine>,
  dataset: Dataset,
): Promise<CrossStoreReport | undefined> {
  const unchecked = uncheckedEngines(keeper);
  const isUnchecked = ({ name }: Engine) => unchecked.includes(name);
  const loaded = engines.filter(isUnchecked);
  if (loaded.length === 0) return undefined;
  const report = await requireAgreement(loaded, running, dataset);
  await keeper.update({ unchecked: uncheckedEngines(keeper).filter((name) => !running.has(name)) });
  const others = engines.filter((engine) => !isUnchecked(engine));
  return besideUsed(report, others.length === 0 ? undefined : await checkUsedStores(others, running, dataset));
}
