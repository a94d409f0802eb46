import { isDeepStrictEqual } from 'node:util';
import type { Dataset } from '../../../seeds/dataset.ts';
import { messageOf, SandboxError } from '../../core/errors.ts';
import { notice, runTask } from '../../core/progress.ts';
import { countChanges } from '../../cross-store/count-changes.ts';
import type { Engine, EngineWith } from '../../engines/contract/engine.ts';
import type { RunningEngine } from '../../engines/contract/topology.ts';
import type { StackStart } from '../start/stack-start.ts';
import { type LoadedDataset, release } from '../state/stack-state.ts';
import { markUnchecked } from './check-after-load.ts';
import type { EngineGap } from './schema-gaps.ts';

/**
 * Loads the dataset unless the store says that it holds it already, and is not to be loaded anew; what had expired of it
 * comes back then. With `reset` and `keepSame`, a store that lacks rows of it is loaded anew too. Rows that came from files, and the same dataset as an earlier version made it, are kept as they are unless `reset` was asked for.
 * `beforeLoad` runs where something is about to be replaced. Returns what the store holds then. Throws `DATASET_DIFFERENT`
 * where another dataset is there and `reset` was not asked for, and `LOAD_FAILED`.
 */
export async function loadDataset(
  { stack: { progress, reset, keepSame, refuseOtherData }, keeper }: StackStart,
  engine: EngineWith<'data'>,
  running: RunningEngine,
  dataset: Dataset,
  {
    schemaReplaced,
    gaps,
    beforeLoad,
  }: {
    readonly schemaReplaced: boolean;
    /** What the store lacks of its schema: it is left as it is then, unless `reset` was asked for. */
    readonly gaps: readonly EngineGap[];
    readonly beforeLoad: () => Promise<void>;
  },
): Promise<LoadedDataset> {
  return runTask(progress, ['load', engine.name], async (report) => {
    const fingerprint = await dataset.fingerprint();
    const wanted = { size: dataset.size, seed: dataset.seed, fingerprint, madeBy: release };
    const known = keeper.state().engines[engine.name]?.dataset;
    if (gaps.length > 0 && !reset && known?.fingerprint === fingerprint) {
      report.summarise('left as it is: a part of its schema is missing');
      return known;
    }
    const there = await engine.data.loadedFingerprint(running);
    const mayBeKept = !reset || (keepSame && !schemaReplaced);
    if (there === fingerprint && mayBeKept && !(reset && (await lacksRows(engine, running, dataset)))) {
      const refilled = (await engine.data.refill?.(running, dataset, report)) ?? 0;
      const again = refilled === 0 ? '' : `, ${refilled.toLocaleString('en')} items that had expired loaded again`;
      report.summarise(`there already${again}`);
      return { ...wanted, ...(known?.fingerprint === fingerprint ? known : {}) };
    }
    if (there !== undefined && !reset) {
      const isKnown = known?.fingerprint === there && !refuseOtherData;
      const why = isKnown ? whyKept(known, dataset) : undefined;
      if (known === undefined || why === undefined) throw datasetDifferent(engine, wanted, known);
      report.summarise(`kept as it is: ${why}`);
      notice(
        progress,
        'info',
        `${engine.title} is kept as it is: ${why}. \`up --reset\` replaces it: that DELETES what it holds.`,
      );
      return known;
    }
    await beforeLoad();
    await markUnchecked(keeper, engine);
    const { loaded, resumedFrom } = await engine.data.load(running, dataset, report).catch((thrown) => {
      throw loadFailed(engine, thrown);
    });
    const items = Object.values(loaded).reduce((total, count) => total + count, 0);
    const resumed = resumedFrom === undefined ? '' : `, continued after ${resumedFrom.toLocaleString('en')} rows`;
    report.summarise(`${items.toLocaleString('en')} items${resumed}`);
    return wanted;
  });
}

/** Whether anything is gone that was loaded. What was added or changed since is no reason to load it anew. */
async function lacksRows(engine: EngineWith<'data'>, running: RunningEngine, dataset: Dataset): Promise<boolean> {
  const { removed } = await countChanges([engine], new Map([[engine.name, running]]), dataset);
  return removed > 0;
}

/** Why data that differs from what was asked for is what its user has; `undefined` where it was just another choice. */
function whyKept(there: LoadedDataset, wanted: Dataset): string | undefined {
  // Files that were named now are what is wanted.
  if (wanted.size === 'files') return undefined;
  if (there.size === 'files') return 'its rows came from files';
  if (!isDeepStrictEqual(there.size, wanted.size) || there.seed !== wanted.seed) return undefined;
  return `it was made by ${there.madeBy ?? 'an earlier version'}, and its dataset is older`;
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
function datasetDifferent(engine: Engine, wanted: LoadedDataset, known: LoadedDataset | undefined): SandboxError {
  const [there, asked] = known === undefined ? ['another dataset', describe(wanted)] : describeBoth(known, wanted);
  return new SandboxError({
    code: 'DATASET_DIFFERENT',
    engine: engine.name,
    message: `${engine.title} holds ${there}; ${asked} was asked for.`,
    next: `${asTheyAre} Pass --reset to replace it: that DELETES the rows that are there; \`npm run sandbox -- backup\` keeps a copy first.`,
  });
}

const asTheyAre = '`npm run sandbox -- start` starts it with the data that it has.';

/** Both sides, so that they can be told apart: by what made the rows where size and seed are the same. */
function describeBoth(known: LoadedDataset, wanted: LoadedDataset): readonly [string, string] {
  const [there, asked] = [describe(known), describe(wanted)];
  if (there !== asked) return [there, asked];
  if (wanted.size === 'files') return [`rows from files (${short(known)})`, `other rows from files (${short(wanted)})`];
  const madeBy =
    known.madeBy === wanted.madeBy ? 'another state of this version' : (known.madeBy ?? 'an earlier version');
  return [`${there}, made by ${madeBy} (${short(known)})`, `${asked} as ${wanted.madeBy} makes it (${short(wanted)})`];
}

function short({ fingerprint }: LoadedDataset): string {
  return `fingerprint ${fingerprint.slice(0, 8)}`;
}

function describe({ size, seed }: Pick<LoadedDataset, 'size' | 'seed'>): string {
  return size === 'files' ? 'rows from files' : `${size} with seed ${seed}`;
}
