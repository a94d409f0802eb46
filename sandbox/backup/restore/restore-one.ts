import { messageOf, SandboxError } from '../../core/errors.ts';
import { notice, type ProgressListener, runTask } from '../../core/progress.ts';
import { withoutUndefined } from '../../core/without-undefined.ts';
import type { Backup, RestoreRun, Say } from '../../engines/contract/backup.ts';
import type { Engine } from '../../engines/contract/engine.ts';
import { whyWithout } from '../../engines/contract/lacks.ts';
import type { RunningEngine, TopologyName } from '../../engines/contract/topology.ts';
import type { Fill } from '../../stack/furnish/staged-engines.ts';
import type { ArchivedEngine, ArchiveManifest } from '../archive/manifest.ts';
import { megabytesPerS, type RestoredEngine } from '../backup-report.ts';
import { withoutBase } from '../point-in-time/base-parts.ts';

/** Lifetime of the record of a dataset in archives of releases up to 0.1.0. */
const lifetimeOfOldRecordMs = 1_800_000;

/** An archive that was found good, and what is wanted of it. */
export interface RestoreSource {
  readonly manifest: ArchiveManifest;
  readonly folderOf: (engine: string) => string;
  readonly engines: readonly Engine[];
  /** Ends the restores of the engines early. */
  readonly signal?: AbortSignal;
  readonly archiveTrusted?: boolean;
}

/** What an archive has of an engine. */
export function archivedOf({ manifest }: RestoreSource, engine: string): ArchivedEngine {
  const archived = manifest.engines.find(({ backup }) => backup.engine === engine);
  if (archived === undefined) throw new Error(`the archive has nothing of ${engine}`);
  return withoutBase(archived);
}

/** What a restore has found so far that is no error. */
interface Found extends RestoreRun {
  readonly expiredCount: () => number;
}

function noteFound(): Found {
  let total = 0;
  return {
    expired: (count) => {
      total += count;
    },
    expiredCount: () => total,
  };
}

/**
 * Restores one engine with `work`, which returns the names that its data went under, and measures it.
 * Throws `RESTORE_FAILED` for what is no error of ours.
 */
export async function restoreOne(
  source: RestoreSource,
  engine: Engine,
  place: RestoredEngine['place'],
  progress: ProgressListener,
  work: (backup: Backup, archived: ArchivedEngine, found: Found) => Promise<readonly string[]>,
): Promise<RestoredEngine> {
  const archived = archivedOf(source, engine.name);
  return runTask(progress, ['restore', engine.name], async (task) => {
    const beganMs = performance.now();
    const found = noteFound();
    const names = await work(backupOf(engine), archived, found).catch((thrown) => {
      throw restoreFailed(thrown, engine);
    });
    const durationMs = Math.round(performance.now() - beganMs);
    const { sizeBytes } = archived;
    const expired = found.expiredCount();
    task.summarise([...names, ...(expired === 0 ? [] : [`${expired} had expired`])].join(', '));
    return {
      engine: engine.name,
      place,
      names,
      ...(expired === 0 ? {} : { expired }),
      sizeBytes,
      durationMs,
      megabytesPerS: megabytesPerS(sizeBytes, durationMs),
    };
  });
}

/** Shows what a restore tells beside its result. */
export function sayTo(progress: ProgressListener, { title }: Engine): Say {
  return (what) => notice(progress, 'warning', `${title}: ${what}`);
}

/** Restores into an empty engine and asks the store itself whether it has what was backed up. Throws `RESTORE_FAILED`. */
export async function restoreInto(
  source: RestoreSource,
  engine: Engine,
  running: RunningEngine,
  place: RestoredEngine['place'],
  progress: ProgressListener,
): Promise<RestoredEngine> {
  return restoreOne(source, engine, place, progress, async (backup, archived, found) => {
    await backup.restore(
      running,
      source.folderOf(engine.name),
      archived.backup,
      runOf(source, { ...found, say: sayTo(progress, engine) }),
    );
    if (found.expiredCount() > 0) await recordAgain(source, engine, running);
    await requireBackedUp(engine, running, archived);
    return [];
  });
}

/**
 * Restores into new volumes: before the first start where the engine can, after it where not; either way the store
 * itself is asked whether it has what was backed up. Gives each engine's figures to `done`. Throws `RESTORE_FAILED`.
 */
export function fillFrom(
  source: RestoreSource,
  progress: ProgressListener,
  done: (restored: RestoredEngine) => void,
): Fill {
  const engineOf = (name: string) => source.engines.find((engine) => engine.name === name) as Engine;
  const fillsUnstarted = (engine: Engine, topology: TopologyName) =>
    topology === 'standalone' && backupOf(engine).restoreUnstarted !== undefined;
  return {
    fillsUnstarted: ({ engine, topology }) => fillsUnstarted(engine, topology.name),
    unstarted: async (target) => {
      const restored = await restoreOne(source, engineOf(target.engine), 'live', progress, async (backup, archived) => {
        await backup.restoreUnstarted?.(target, source.folderOf(target.engine), archived.backup);
        return [];
      });
      done(restored);
    },
    started: async (running) => {
      const engine = engineOf(running.engine);
      if (!fillsUnstarted(engine, running.topology)) {
        return done(await restoreInto(source, engine, running, 'live', progress));
      }
      await requireBackedUp(engine, running, archivedOf(source, engine.name)).catch((thrown) => {
        throw restoreFailed(thrown, engine);
      });
    },
  };
}

/**
 * Releases up to 0.1.0 gave the record of the dataset a lifetime of its own, half an hour from the load. Where that has
 * passed it is not in the store that was restored, and is written again as the archive has it.
 */
async function recordAgain(source: RestoreSource, engine: Engine, running: RunningEngine): Promise<void> {
  const { datasetFingerprint } = archivedOf(source, engine.name);
  if (datasetFingerprint === null || engine.data?.recordLoaded === undefined) return;
  if ((await engine.data.loadedFingerprint(running)) !== undefined) return;
  // It was there when it was backed up: nothing had been loaded for longer.
  const loadedAtMs = Date.parse(source.manifest.createdAt) - lifetimeOfOldRecordMs;
  await engine.data.recordLoaded(running, datasetFingerprint, loadedAtMs);
}

function runOf({ signal, archiveTrusted = false }: RestoreSource, { expired, say }: RestoreRun): RestoreRun {
  return {
    archiveTrusted,
    ...withoutUndefined({ signal, expired, say }),
  };
}

async function requireBackedUp(engine: Engine, running: RunningEngine, archived: ArchivedEngine): Promise<void> {
  const found = (await engine.data?.loadedFingerprint(running)) ?? null;
  if (found === archived.datasetFingerprint) return;
  throw new Error(`the store says that it holds ${found}, and ${archived.datasetFingerprint} was backed up`);
}

function backupOf(engine: Engine): Backup {
  if (engine.backup !== undefined) return engine.backup;
  throw new SandboxError({
    code: 'NOT_SUPPORTED',
    engine: engine.name,
    message: `${engine.title} cannot be restored here: ${whyWithout(engine, 'backup')}.`,
    next: 'Leave it out, with --engines.',
  });
}

export function restoreFailed(thrown: unknown, engine: Engine): Error {
  if (thrown instanceof SandboxError) return thrown;
  if (thrown instanceof Error && thrown.name === 'AbortError') return thrown;
  return new SandboxError({
    code: 'RESTORE_FAILED',
    engine: engine.name,
    message: `The restore failed: ${messageOf(thrown)}.`,
    next: 'The live data was not touched. Run it again, or use another backup.',
    cause: thrown,
  });
}
