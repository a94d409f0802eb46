import { createDataset } from '../../seeds/create-dataset.ts';
import { ensureDocker } from '../containers/docker-host.ts';
import { notice, runTask, silent } from '../core/progress.ts';
import { type CrossStoreReport, checkAcrossStores } from '../cross-store/check-across-stores.ts';
import type { Engine, RunningEngine } from '../engines/engine.ts';
import type { EngineName } from '../engines/index.ts';
import { enginesWithData } from '../stack/generations.ts';
import { replaceData } from '../stack/replace-data.ts';
import { stackIdentity } from '../stack/stack-identity.ts';
import type { BackupReport, RestoredEngine, RestoreReport } from './backup-report.ts';
import { locationOf, writeBackup } from './create-backup.ts';
import type { RestoreOptions } from './restore-backup.ts';
import { archivedOf, type RestoreSource, restoreInto } from './restore-one.ts';
import { openStorage } from './storage/open-storage.ts';

/**
 * Restores in place of live data: a safety backup of it first, then the archive into new volumes, then the change-over
 * of all engines at once. Where the archive has a dataset, the stores are held against it afterwards.
 */
export async function restoreInPlace(
  source: RestoreSource,
  options: RestoreOptions,
): Promise<Pick<RestoreReport, 'engines' | 'downtimeMs' | 'safetyBackup' | 'crossStore'>> {
  const progress = options.progress ?? silent;
  await ensureDocker({ install: options.dockerInstall ?? 'never', progress });
  const safetyBackup = await takeSafetyBackup(source.engines, options);
  const restored = new Map<string, RestoredEngine>();
  const { manifest, engines } = source;
  const { downtimeMs, running } = await replaceData({
    stack: options,
    engines,
    topologyOf: (name) => archivedOf(source, name).topology,
    datasetOf: (name) => {
      const { datasetFingerprint } = archivedOf(source, name);
      return manifest.dataset?.fingerprint === datasetFingerprint ? (manifest.dataset ?? undefined) : undefined;
    },
    fill: async (target) => {
      const engine = engines.find(({ name }) => name === target.engine) as Engine;
      restored.set(engine.name, await restoreInto(source, engine, target, 'live', progress));
    },
  });
  const crossStore = await checkStores(source, running, options);
  return {
    engines: engines.map(({ name }) => restored.get(name) as RestoredEngine),
    downtimeMs,
    ...(safetyBackup === undefined ? {} : { safetyBackup }),
    ...(crossStore === undefined ? {} : { crossStore }),
  };
}

/**
 * Of the engines that have data here. One that has some and does not run cannot be backed up: `STACK_NOT_RUNNING`.
 */
async function takeSafetyBackup(
  engines: readonly Engine[],
  options: RestoreOptions,
): Promise<BackupReport['archive'] | undefined> {
  const { progress = silent } = options;
  const withData = await enginesWithData(stackIdentity(options));
  const own = engines.filter((engine) => withData.has(engine.name)).map((engine) => engine.name as EngineName);
  if (own.length === 0) return undefined;
  const storage = await openStorage(
    locationOf({ ...options, ...(options.safetyTo === undefined ? {} : { to: options.safetyTo }) }),
  );
  const { archive } = await writeBackup({ ...options, engines: own }, storage);
  notice(progress, 'info', `safety backup of the live data: ${archive.location}/${archive.name}`);
  return archive;
}

async function checkStores(
  { manifest, engines }: RestoreSource,
  running: ReadonlyMap<string, RunningEngine>,
  { progress = silent }: RestoreOptions,
): Promise<CrossStoreReport | undefined> {
  if (manifest.dataset === null) return undefined;
  const dataset = createDataset({ size: manifest.dataset.size, seed: manifest.dataset.seed });
  return runTask(progress, ['check across stores'], () => checkAcrossStores(engines, running, dataset));
}
