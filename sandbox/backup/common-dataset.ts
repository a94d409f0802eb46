import type { Engine } from '../engines/contract/engine.ts';
import type { ArchivedEngine } from './archive/manifest.ts';

/** Whether an engine had the platform's schema, in which its data is, and not a service's own in its place. */
export function hasPlatformData({ migrated }: ArchivedEngine): boolean {
  return migrated?.platformSchema !== false;
}

/** What of archived engines is held against a dataset: those that keep data of it. One that keeps none says nothing of it. */
function keepersOf(
  archived: readonly ArchivedEngine[],
  engines: readonly Pick<Engine, 'name' | 'data'>[],
): readonly ArchivedEngine[] {
  const keeping = new Set<string>(engines.filter(({ data }) => data !== undefined).map(({ name }) => name));
  return archived.filter((each) => keeping.has(each.backup.engine) && hasPlatformData(each));
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
