import type { Dataset } from '../../seeds/dataset.ts';
import { messageOf, SandboxError } from '../core/errors.ts';
import { runTask } from '../core/progress.ts';
import type { Engine } from '../engines/engine.ts';
import type { RunningEngine } from '../engines/topology.ts';
import { markUnchecked } from './check-after-load.ts';
import type { StackStart } from './stack-start.ts';
import type { EngineState } from './stack-state.ts';

/**
 * Loads the dataset unless the store says that it holds it already, and is not to be loaded anew; what had expired of it
 * comes back then.
 * `beforeLoad` runs where something is about to be replaced. Throws `DATASET_DIFFERENT` where another dataset is there
 * and `reset` was not asked for, and `LOAD_FAILED`.
 */
export async function loadDataset(
  { progress, options, keeper }: StackStart,
  engine: Engine,
  running: RunningEngine,
  dataset: Dataset,
  { schemaReplaced, beforeLoad }: { readonly schemaReplaced: boolean; readonly beforeLoad: () => Promise<void> },
): Promise<void> {
  return runTask(progress, ['load', engine.name], async (report) => {
    const there = await engine.loadedFingerprint(running);
    const wanted = await dataset.fingerprint();
    const isKept = !options.reset || ((options.keepSame ?? false) && !schemaReplaced);
    if (there === wanted && isKept) {
      const refilled = (await engine.refill?.(running, dataset, report)) ?? 0;
      const again = refilled === 0 ? '' : `, ${refilled.toLocaleString('en')} items that had expired loaded again`;
      report.summarise(`there already${again}`);
      return;
    }
    if (there !== undefined && !options.reset)
      throw datasetDifferent(engine, dataset, keeper.state().engines[engine.name]);
    await beforeLoad();
    await markUnchecked(keeper, engine);
    const { loaded, resumedFrom } = await engine.load(running, dataset, report).catch((thrown) => {
      throw loadFailed(engine, thrown);
    });
    const items = Object.values(loaded).reduce((total, count) => total + count, 0);
    const resumed = resumedFrom === undefined ? '' : `, continued after ${resumedFrom.toLocaleString('en')} rows`;
    report.summarise(`${items.toLocaleString('en')} items${resumed}`);
  });
}

/** What a server, its driver or its connection says; an error of our own says more already. */
function loadFailed(engine: Engine, thrown: unknown): unknown {
  if (thrown instanceof SandboxError) return thrown;
  return new SandboxError({
    code: 'LOAD_FAILED',
    engine: engine.name,
    message: `${engine.title} could not be loaded: ${messageOf(thrown)}.`,
    next: 'Run it again: it goes on where it was. `npm run sandbox -- logs` shows what the server says.',
    cause: thrown,
  });
}

/** Data that somebody works with is never replaced without being asked. */
function datasetDifferent(engine: Engine, wanted: Dataset, known: EngineState | undefined): SandboxError {
  const there =
    known?.dataset === undefined ? 'another dataset' : `${known.dataset.size} with seed ${known.dataset.seed}`;
  return new SandboxError({
    code: 'DATASET_DIFFERENT',
    engine: engine.name,
    message: `${engine.title} holds ${there}; ${wanted.size} with seed ${wanted.seed} was asked for.`,
    next:
      wanted.size === 'files'
        ? 'Pass --reset to replace it.'
        : `Ask for the same, or replace it: \`npm run sandbox -- seed --reset --size ${wanted.size}\`.`,
  });
}
