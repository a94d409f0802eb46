import type { Engine } from '../engines/contract/engine.ts';
import type { ArchivedEngine } from './archive/manifest.ts';

/** What of archived engines is held against a dataset: those that keep data of it. One that keeps none says nothing of it. */
function keepersOf(
  archived: readonly ArchivedEngine[],
  engines: readonly Pick<Engine, 'name' | 'data'>[],
): readonly ArchivedEngine[] {
  const keeping = new Set<string>(engines.filter(({ data }) => data !== undefined).map(({ name }) => name));
  return archived.filter(({ backup }) => keeping.has(backup.engine));
}

/** The dataset that all of the archived engines hold that keep one, as `datasetOf` knows it; `undefined` where they differ. */
export function commonDataset<Known extends { readonly fingerprint: string }>(
  archived: readonly ArchivedEngine[],
  engines: readonly Pick<Engine, 'name' | 'data'>[],
  datasetOf: (engine: string) => Known | undefined,
): Known | undefined {
  const keepers = keepersOf(archived, engines);
  const known = datasetOf(keepers[0]?.backup.engine ?? '');
  return keepers.every(({ datasetFingerprint }) => datasetFingerprint === known?.fingerprint) ? known : undefined;
}
