import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createPrivateFolder } from '../containers/runtime/private-folder.ts';
import { now } from '../core/clock.ts';
import { messageOf, SandboxError } from '../core/errors.ts';
import { poll } from '../core/poll.ts';
import { notice, type ProgressListener, runTask, silent } from '../core/progress.ts';
import { runConcurrently } from '../core/run-concurrently.ts';
import { withoutUndefined } from '../core/without-undefined.ts';
import type { Engine } from '../engines/contract/engine.ts';
import { whyWithout } from '../engines/contract/lacks.ts';
import type { EngineName } from '../engines/engine-names.ts';
import { loadEngines } from '../engines/load-engines.ts';
import { totalBytes } from '../engines/shared/backup/backup-files.ts';
import { attachPartlyRunning, type PartlyRunningStack } from '../stack/attach/attach-stack.ts';
import { ensureStackFolder, stackFolder } from '../stack/state/stack-folder.ts';
import { type StackIdentity, stackIdentity } from '../stack/state/stack-identity.ts';
import { withStackLock } from '../stack/state/stack-lock.ts';
import { archiveNameAt } from './archive/archive-name.ts';
import { type ArchivedEngine, type ArchiveManifest, type EngineLeftOut, formatVersion } from './archive/manifest.ts';
import { writeArchive } from './archive/write-archive.ts';
import { type BackupReport, engineReportOf } from './backup-report.ts';
import { commonDataset } from './common-dataset.ts';
import { archiveKeys } from './keys/archive-keys.ts';
import { addBase, logToKeep } from './point-in-time/keep-log.ts';
import type { LogFolder } from './point-in-time/log-folder.ts';
import { requireAllData } from './require-all-data.ts';
import type { Storage } from './storage/storage.ts';
import { readEngine, requireWholeEngines, sayNodesDown } from './whole-engines.ts';

/** Which stack is backed up, and where to. */
export interface BackupOptions {
  /** Folder that the stack belongs to. Default: the current one. */
  readonly directory?: string;
  /** Name of the stack. Default: made from the folder's path. */
  readonly name?: string;
  /**
   * Default: all that the stack has; one that cannot be backed up is then left out and named, and refused where it is asked
   * for.
   */
  readonly engines?: readonly EngineName[];
  /**
   * Location that the archive goes to: a folder, or `s3://bucket/prefix`. Default: `backups` in the stack's folder, which lies
   * in the user's data folder.
   */
  readonly to?: string;
  /**
   * Whether the stack keeps a log archive from now on, so that engines that can are restored to any moment: each backup
   * has a base for it then. Default: as it is.
   */
  readonly log?: boolean;
  /** Told of each step as it goes. Default: nobody. */
  readonly progress?: ProgressListener;
  /** Breaks the backup off; nothing of it is kept but what was on its way to S3. Default: nothing does. */
  readonly signal?: AbortSignal;
}

/** Where a backup goes if nothing else is said: see `stackFolder`. */
export async function locationOf(options: Pick<BackupOptions, 'directory' | 'name' | 'to'>): Promise<string> {
  const { directory, name } = stackIdentity(options);
  return options.to ?? join(await stackFolder(directory, name), 'backups');
}

/** Folder for what is written or unpacked on the way: on the disk of the backups, so that none is written twice. */
export async function stagingDirectory({ directory, name }: StackIdentity): Promise<string> {
  return join(await ensureStackFolder(directory, name), 'staging');
}

/** A folder without an owner, and a stack of an earlier version. */
const notSigned =
  'The archive is not signed: there is no folder for your key, and the stack has none yet. To restore it needs --trust-archive.';

/** Runs work while no other command changes the stack. */
type Exclusively = <Value>(work: () => Promise<Value>) => Promise<Value>;

/**
 * Backs the running stack up, engines side by side, into one archive. The archive appears at its place whole or not
 * at all. An engine that cannot be backed up is left out and named in it, unless it was asked for by name.
 * Throws `STACK_NOT_RUNNING`, `NOT_SUPPORTED` where nothing can be backed up, `BACKUP_FAILED`, and what the storage
 * throws: `STORAGE_FULL`, `STORAGE_DENIED`. It takes no lock of backups, and removes nothing: `createBackup` does.
 * The engines are read under the lock of the stack; who holds it already says so with `exclusively`.
 */
export async function writeBackup(
  options: BackupOptions,
  storage: Storage,
  exclusively: Exclusively = (work) => {
    const { directory, name } = stackIdentity(options);
    return withStackLock(directory, name, work, options.signal);
  },
): Promise<BackupReport> {
  const beganMs = performance.now();
  // What the stack as it is refuses, is refused before anybody is waited for; that a log cannot be kept, once it is read. And a
  // failover has an end before others have to wait for it.
  const { identity } = (await lookAtStack(options)).attached;
  await storage.prepare?.();
  const { name: stack } = identity;
  const progress = options.progress ?? silent;
  await using staging = await createPrivateFolder(await stagingDirectory(identity));
  const moment = await freeMoment(storage);
  const { signers } = await archiveKeys(identity);
  if (signers.length === 0) notice(progress, 'warning', notSigned);
  const runId = randomUUID();

  const { engines, attached, results } = await exclusively(async () => {
    // Whoever had the lock may have started, stopped or made anew what is there.
    const { engines, attached } = await lookAtStack(options);
    sayNodesDown(engines, attached, progress);
    const log = await logToKeep(options.log, { engines, attached, storage });
    const place = { attached, folder: staging.path, log };
    return {
      engines,
      attached,
      results: await runConcurrently(engines, (each) => backUpOrLeaveOut(each, place, options)),
    };
  });
  const archived = results.flatMap((result) => ('backup' in result ? [result] : []));
  const leftOut = results.flatMap((result) => ('why' in result ? [result] : []));
  if (archived.length === 0) throw nothingSupported(leftOut);
  const dataset = archivedDataset(archived, engines, attached);
  const manifest: ArchiveManifest = {
    formatVersion,
    runId,
    createdAt: moment.toISOString(),
    stack,
    dataset,
    engines: archived,
    ...(leftOut.length === 0 ? {} : { leftOut }),
  };
  const archive = archiveNameAt(moment);
  const file = join(staging.path, archive);
  const passed = withoutUndefined({ signal: options.signal });
  const sizeBytes = await runTask(progress, ['pack'], (task) =>
    writeArchive({ manifest, directory: staging.path }, file, {
      ...passed,
      signers,
      progress: (done, total) => task.advance({ done, total }),
    }),
  ).catch((thrown) => {
    throw backupFailed(thrown);
  });
  await runTask(progress, ['store'], async (task) => {
    await storage.store(file, archive, { ...passed, progress: (done, total) => task.advance({ done, total }) });
    task.summarise(`${storage.description}, ${archive}`);
  });
  return {
    version: 1,
    archive: {
      name: archive,
      location: storage.description,
      sizeBytes,
      signedBy: signers.map(({ holder }) => holder),
    },
    runId,
    createdAt: manifest.createdAt,
    stack,
    dataset,
    durationMs: Math.round(performance.now() - beganMs),
    engines: archived.map(engineReportOf),
    leftOut,
  };
}

/** The stack as it is now, once its engines can be backed up as they are. */
async function lookAtStack(options: BackupOptions) {
  const found = await attachPartlyRunning(options);
  if (options.engines === undefined) await requireAllData(found);
  const names = [...found.engines.keys()];
  const engines = await loadEngines(names);
  if (options.engines !== undefined) for (const engine of engines) requireBackup(engine);
  const attach = () => attachPartlyRunning({ ...options, engines: names });
  const { progress = silent, signal } = options;
  return { engines, attached: await requireWholeEngines(engines, found, { attach, progress, signal }) };
}

interface BackupPlace {
  readonly attached: PartlyRunningStack;
  /** Where the engines' folders are made. */
  readonly folder: string;
  /** Absent: the stack keeps no log. */
  readonly log: LogFolder | undefined;
}

/** An engine that nobody asked for by name must not keep the others from being backed up. */
async function backUpOrLeaveOut(
  engine: Engine,
  place: BackupPlace,
  options: BackupOptions,
): Promise<ArchivedEngine | EngineLeftOut> {
  try {
    return await backUpOne(engine, place, options);
  } catch (thrown) {
    const cannot = thrown instanceof SandboxError && thrown.code === 'NOT_SUPPORTED';
    if (!cannot || options.engines !== undefined) throw thrown;
    await rm(join(place.folder, engine.name), { recursive: true, force: true });
    const why = thrown.message.replace(/\.$/, '');
    notice(options.progress ?? silent, 'warning', `not in the archive: ${engine.name}. ${thrown.message}`);
    return { engine: engine.name, why };
  }
}

function nothingSupported(leftOut: readonly EngineLeftOut[]): SandboxError {
  return new SandboxError({
    code: 'NOT_SUPPORTED',
    message: `Nothing of this stack can be backed up: ${leftOut[0]?.why}.`,
    next: 'No archive was made.',
    evidence: leftOut.map(({ engine: name, why }) => `${name}: ${why}`).join('\n'),
  });
}

async function backUpOne(
  engine: Engine,
  { attached, folder, log }: BackupPlace,
  { progress = silent, signal }: BackupOptions,
): Promise<ArchivedEngine> {
  const { up, whole, down, nodesDown } = readEngine(attached, engine);
  return runTask(progress, ['back up', engine.name], async (task) => {
    signal?.throwIfAborted();
    const backup = requireBackup(engine);
    const directory = join(folder, engine.name);
    await mkdir(directory, { mode: 0o700 });
    try {
      const beganMs = performance.now();
      const leftOut = await backup.leftOut(up, down);
      const logical = await backup.backUp(up, directory);
      const { base, parts } = await addBase(engine, whole, directory, log);
      const manifest = { ...logical, parts: [...logical.parts, ...parts] };
      const durationMs = Math.round(performance.now() - beganMs);
      for (const { what, why } of leftOut) notice(progress, 'warning', `not in the backup: ${what}, ${why}`);
      const datasetFingerprint = (await engine.data?.loadedFingerprint(up)) ?? null;
      task.summarise(manifest.method);
      return {
        backup: manifest,
        ...withoutUndefined({ base }),
        topology: whole.topology,
        ...(nodesDown.length === 0 ? {} : { nodesDown }),
        datasetFingerprint,
        migrated: attached.state.engines[engine.name]?.migrated ?? null,
        leftOut,
        durationMs,
        sizeBytes: totalBytes(manifest),
      };
    } catch (thrown) {
      throw backupFailed(thrown, engine);
    }
  });
}

/** Names of archives are a second long: two of one second must not meet. */
async function freeMoment(storage: Storage): Promise<Date> {
  const taken = new Set((await storage.list()).map(({ name }) => name));
  return poll(
    () => {
      const moment = now();
      return taken.has(archiveNameAt(moment)) ? undefined : moment;
    },
    { timeoutMs: 5_000, onTimeout: () => backupFailed(new Error('names of archives to come are taken there')) },
  );
}

/** The dataset that all of the engines hold, if they hold one, as the state of the stack names it. */
function archivedDataset(
  archived: readonly ArchivedEngine[],
  engines: readonly Engine[],
  { state }: PartlyRunningStack,
): ArchiveManifest['dataset'] {
  const known = commonDataset(archived, engines, (engine) => state.engines[engine]?.dataset);
  if (known === undefined) return null;
  // Rows from files cannot be made again to compare with.
  const { size, seed, fingerprint } = known;
  return size === 'files' ? null : { size, seed, fingerprint };
}

function requireBackup(engine: Engine) {
  if (engine.backup !== undefined) return engine.backup;
  throw new SandboxError({
    code: 'NOT_SUPPORTED',
    engine: engine.name,
    message: `${engine.title} cannot be backed up here: ${whyWithout(engine, 'backup')}.`,
    next: 'Leave it out, with --engines.',
  });
}

function backupFailed(thrown: unknown, engine?: Engine): Error {
  if (thrown instanceof SandboxError) return thrown;
  if (thrown instanceof Error && thrown.name === 'AbortError') return thrown;
  const isFull = (thrown as NodeJS.ErrnoException | undefined)?.code === 'ENOSPC';
  return new SandboxError({
    code: isFull ? 'STORAGE_FULL' : 'BACKUP_FAILED',
    ...(engine === undefined ? {} : { engine: engine.name }),
    message: `The backup could not be made: ${messageOf(thrown)}.`,
    next: isFull
      ? 'Make room on the disk of your home, where the archive is made first.'
      : 'Nothing of it is kept. Run it again.',
    cause: thrown,
  });
}
