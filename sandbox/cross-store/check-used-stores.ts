import type { Dataset } from '../../seeds/dataset.ts';
import type { Engine } from '../engines/contract/engine.ts';
import type { RunningEngine } from '../engines/contract/topology.ts';
import { type Changes, differencesIn, isChanged } from './changes.ts';
import { type CrossStoreCheck, type CrossStoreReport, checkAcrossStores } from './check-across-stores.ts';
import { differencesShownMax } from './compare-part.ts';
import { countChanges } from './count-changes.ts';

/**
 * Looks at stores that somebody may have worked with since a load that was checked: what was added, changed or removed
 * since is counted, and is no failure. With `strict` everything is one, as it is right after a load.
 */
export async function checkUsedStores(
  engines: readonly Engine[],
  running: ReadonlyMap<string, RunningEngine>,
  dataset: Dataset,
  { strict = false }: { readonly strict?: boolean } = {},
): Promise<CrossStoreReport> {
  const changes = await countChanges(engines, running, dataset);
  const counted = { checks: checksOf(changes), changes };
  if (!strict) return { ok: true, ...counted, differences: [] };
  const agreement = await checkAcrossStores(engines, running, dataset);
  const examples = changes.kinds.flatMap(({ store, one, examples }) =>
    examples.map((example) => `${store}: ${one} ${example}`),
  );
  return {
    ok: agreement.ok && !isChanged(changes),
    ...counted,
    differences: [...agreement.differences, ...examples].slice(0, differencesShownMax),
  };
}

/** The report of stores that were loaded and checked just now, beside that of others that were there already. */
export function besideUsed(loaded: CrossStoreReport, used: CrossStoreReport | undefined): CrossStoreReport {
  if (used?.changes === undefined) return loaded;
  return { ...loaded, checks: [...loaded.checks, ...used.checks], changes: used.changes };
}

function checksOf({ kinds }: Changes): readonly CrossStoreCheck[] {
  return kinds.map((kind) => ({
    name: `${kind.store} holds each ${kind.one}`,
    compared: kind.seeded,
    differences: differencesIn(kind),
  }));
}
