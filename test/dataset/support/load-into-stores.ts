import { requireAgreement } from '../../../sandbox/cross-store/check-across-stores.ts';
import { countChanges } from '../../../sandbox/cross-store/count-changes.ts';
import type { RunningEngine } from '../../../sandbox/engines/contract/topology.ts';
import { defaultEngines } from '../../../sandbox/engines/engine-names.ts';
import type { Stack } from '../../../sandbox/stack/create-stack.ts';
import type { Dataset } from '../../../seeds/dataset.ts';
import { wholeEngines } from '../../support/whole-engines.ts';

async function storesOf(stack: Stack) {
  const running = new Map<string, RunningEngine>(Object.entries(stack.engines));
  return { engines: await wholeEngines(defaultEngines), running };
}

/** Loads every store, side by side, and holds the stores against each other. */
export async function loadIntoStores(stack: Stack, dataset: Dataset): Promise<void> {
  const { engines, running } = await storesOf(stack);
  const report = { advance: () => {}, summarise: () => {} };
  await Promise.all(
    engines.map((engine) => engine.data.load(running.get(engine.name) as RunningEngine, dataset, report)),
  );
  await requireAgreement(engines, running, dataset);
}

/** What is otherwise in the stores than in the dataset, by store and holding. */
export async function changesOf(stack: Stack, dataset: Dataset) {
  const { engines, running } = await storesOf(stack);
  return (await countChanges(engines, running, dataset)).kinds;
}
