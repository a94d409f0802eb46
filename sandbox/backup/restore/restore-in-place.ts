import { createDataset } from '../../../seeds/create-dataset.ts';
import { ensureDocker } from '../../containers/runtime/find/docker-host.ts';
import { SandboxError } from '../../core/errors.ts';
import { notice, runTask, silent } from '../../core/progress.ts';
import { runConcurrently } from '../../core/run-concurrently.ts';
import { withoutUndefined } from '../../core/without-undefined.ts';
import type { CrossStoreReport } from '../../cross-store/check-across-stores.ts';
import { checkUsedStores } from '../../cross-store/check-used-stores.ts';
import type { Engine } from '../../engines/contract/engine.ts';
import type { RunningEngine } from '../../engines/contract/topology.ts';
import type { EngineName } from '../../engines/engine-names.ts';
import { loadEngines } from '../../engines/load-engines.ts';
import { attachStack } from '../../stack/attach/attach-stack.ts';
import { replaceData, requireFinished } from '../../stack/replace/replace-data.ts';
import { enginesWithData } from '../../stack/resolve/generations.ts';
import { startPresent } from '../../stack/start/start-present.ts';
import { stackIdentity } from '../../stack/state/stack-identity.ts';
import { emptyState, readState } from '../../stack/state/stack-state.ts';
import type { BackupReport, RestoredEngine, RestoreReport } from '../backup-report.ts';
import { hasPlatformData } from '../common-dataset.ts';
import { locationOf, writeBackup } from '../create-backup.ts';
import { openStorage } from '../storage/open-storage.ts';
import { archivedOf, fillFrom, type RestoreSource } from './restore-one.ts';
import type { RestoreOptions } from './restore-options.ts';

/**
 * Restores in place of live data: the archive into new volumes and, beside that, a safety backup of the live data; once
 * both are whole, the change-over of all engines at once. Where the archive has a dataset, what is
 * there is held against it afterwards: what had changed before the backup is counted.
 */
export async function restoreInPlace(
  source: RestoreSource,
  options: RestoreOptions,
): Promise<Pick<RestoreReport, 'engines' | 'downtimeMs' | 'safetyBackup' | 'crossStore'>> {
  const progress = options.progress ?? silent;
  await ensureDocker({ install: options.dockerInstall ?? 'never', progress });
  const own = await startEnginesWithData(source.engines, options);
  await requireNothingLost(own, options);
  let safetyBackup: BackupReport['archive'] | undefined;
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
    migratedOf: (name) => archivedOf(source, name).migrated,
    fill: fillFrom(source, progress, (engine) => restored.set(engine.engine, engine)),
    beforeChangeOver: async () => {
      safetyBackup = await takeSafetyBackup(own, options);
    },
  });
  const crossStore = await checkStores(source, running, options);
  return {
    engines: engines.map(({ name }) => restored.get(name) as RestoredEngine),
    downtimeMs,
    ...withoutUndefined({ safetyBackup, crossStore }),
  };
}

/** Engines that have data here. Those that do not run are started as they are: nothing else can read it. */
async function startEnginesWithData(
  engines: readonly Engine[],
  options: RestoreOptions,
): Promise<readonly EngineName[]> {
  const identity = stackIdentity(options);
  const state = (await readState(identity.directory, identity.name)) ?? emptyState(identity.name);
  requireFinished(engines, state);
  const withData = await enginesWithData(identity);
  const own = engines.filter((engine) => withData.has(engine.name)).map((engine) => engine.name);
  if (own.length === 0 || (await isRunning(own, options))) return own;
  await startPresent({ ...options, engines: own });
  return own;
}

/** What no backup holds, the safety backup would not hold either. Throws `RESTORE_WOULD_LOSE`, before anything is touched. */
async function requireNothingLost(engines: readonly EngineName[], options: RestoreOptions): Promise<void> {
  if (engines.length === 0) return;
  const attached = await attachStack({ ...options, engines });
  const inEngines = await runConcurrently(await loadEngines(engines), async ({ name, title, backup }) => {
    const running = attached.engines.get(name);
    if (running === undefined || backup === undefined) return [];
    return (await backup.leftOut(running)).map(({ what, why }) => `${title}: ${what}, ${why}`);
  });
  refuseLoss(inEngines.flat());
}

function refuseLoss(lost: readonly string[]): void {
  if (lost.length === 0) return;
  throw new SandboxError({
    code: 'RESTORE_WOULD_LOSE',
    message: `Replacing the live data would lose what no backup holds: ${lost[0]}${lost.length === 1 ? '' : ` and ${lost.length - 1} more`}.`,
    next: 'Nothing was touched. Remove or copy what is named, or restore beside the live data: leave `--into replace` out.',
    evidence: lost.join('\n'),
  });
}

/**
 * Under the lock that the restore holds. Throws `RESTORE_WOULD_LOSE` for what has come since it was asked for, as where
 * another node has taken over meanwhile.
 */
async function takeSafetyBackup(
  engines: readonly EngineName[],
  options: RestoreOptions,
): Promise<BackupReport['archive'] | undefined> {
  if (engines.length === 0) return undefined;
  const { progress = silent, safetyTo } = options;
  const to = withoutUndefined({ to: safetyTo });
  const storage = await openStorage(await locationOf({ ...options, ...to }));
  const { archive, engines: backedUp } = await writeBackup({ ...options, engines }, storage, (work) => work());
  notice(progress, 'info', `safety backup of the live data: ${archive.location}/${archive.name}`);
  refuseLoss(backedUp.flatMap(({ engine, leftOut }) => leftOut.map(({ what, why }) => `${engine}: ${what}, ${why}`)));
  return archive;
}

async function isRunning(engines: readonly EngineName[], options: RestoreOptions): Promise<boolean> {
  try {
    await attachStack({ ...options, engines });
    return true;
  } catch (thrown) {
    if (thrown instanceof SandboxError && thrown.code === 'STACK_NOT_RUNNING') return false;
    throw thrown;
  }
}

async function checkStores(
  source: RestoreSource,
  running: ReadonlyMap<string, RunningEngine>,
  { progress = silent, strict = false }: RestoreOptions,
): Promise<CrossStoreReport | undefined> {
  const { manifest } = source;
  if (manifest.dataset === null) return undefined;
  const engines = source.engines.filter(({ name }) => hasPlatformData(archivedOf(source, name)));
  const dataset = createDataset({ size: manifest.dataset.size, seed: manifest.dataset.seed });
  return runTask(progress, ['check across stores'], () => checkUsedStores(engines, running, dataset, { strict }));
}
