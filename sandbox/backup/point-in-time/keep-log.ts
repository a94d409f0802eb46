import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { messageOf, SandboxError } from '../../core/errors.ts';
import { notice, type ProgressListener } from '../../core/progress.ts';
import { runConcurrently } from '../../core/run-concurrently.ts';
import type { BackupPart, BaseDescription } from '../../engines/contract/backup.ts';
import type { Engine } from '../../engines/contract/engine.ts';
import { whyWithout } from '../../engines/contract/lacks.ts';
import type { RunningEngine } from '../../engines/contract/topology.ts';
import { engineNames } from '../../engines/engine-names.ts';
import { loadEngines } from '../../engines/load-engines.ts';
import type { AttachedStack } from '../../stack/attach/attach-stack.ts';
import type { StackIdentity } from '../../stack/state/stack-identity.ts';
import { openStorage } from '../storage/open-storage.ts';
import { isS3Address } from '../storage/s3-address.ts';
import type { Storage } from '../storage/storage.ts';
import { baseFolder, inBaseFolder } from './base-parts.ts';
import {
  ensureLogFolder,
  type LogFolder,
  logBytesMax,
  openLogFolder,
  removeLogFolder,
  requirePlace,
} from './log-folder.ts';

interface Kept {
  readonly engines: readonly Engine[];
  readonly attached: AttachedStack;
  readonly storage: Storage;
}

/**
 * The log archive that a backup adds a base for; `undefined` where the stack keeps none, or none of the engines has one.
 * Throws `NOT_SUPPORTED` where one is asked for that none of them can have.
 */
export async function logToKeep(
  asked: boolean | undefined,
  { engines, attached, storage }: Kept,
): Promise<LogFolder | undefined> {
  const { identity } = attached;
  const able = engines.filter(({ backup }) => backup?.pointInTime !== undefined);
  if (asked === true && able.length === 0) throw noLog(engines);
  if (asked === false) await keepNoLog(able, attached);
  const isKept = asked ?? (await openLogFolder(identity)) !== undefined;
  if (!isKept || able.length === 0) return undefined;
  const place = storage.description;
  return ensureLogFolder(identity, isS3Address(place) ? place : resolve(place));
}

async function keepNoLog(engines: readonly Engine[], { identity, engines: running }: AttachedStack): Promise<void> {
  for (const { name, backup } of engines) {
    const live = running.get(name);
    if (live !== undefined) await backup?.pointInTime?.keptLog.stop(live);
  }
  await removeLogFolder(identity);
}

function noLog(engines: readonly Engine[]): SandboxError {
  const reasons = engines.map((engine) => `${engine.title}: ${whyWithout(engine, 'pointInTime')}`);
  return new SandboxError({
    code: 'NOT_SUPPORTED',
    message: `No log can be kept: ${reasons[0]}.`,
    next: 'Leave --log out, or name an engine that can be restored to a moment.',
    evidence: reasons.join('\n'),
  });
}

/** Puts a base backup beside the backup of an engine that keeps its log, and takes that log up to now. */
export async function addBase(
  { name, backup }: Engine,
  running: RunningEngine,
  directory: string,
  log: LogFolder | undefined,
): Promise<{ readonly base?: BaseDescription; readonly parts: readonly BackupPart[] }> {
  const pointInTime = backup?.pointInTime;
  if (log === undefined || pointInTime === undefined) return { parts: [] };
  const folder = join(directory, baseFolder);
  await mkdir(folder, { mode: 0o700 });
  const manifest = await pointInTime.backUp(running, folder, { keepsEarlierLog: true });
  await pointInTime.keptLog.take(running, log.of(name), logBytesMax);
  return { base: await pointInTime.describe(folder, manifest), parts: inBaseFolder(manifest.parts) };
}

/**
 * Removes the log that no archive of the stack goes on by, wherever it keeps its archives. Where one of these places
 * cannot be looked at, everything stays, and that is said.
 */
export async function forgetLog(identity: StackIdentity, progress: ProgressListener): Promise<void> {
  const log = await openLogFolder(identity);
  if (log === undefined) return;
  let bases: readonly Readonly<Record<string, BaseDescription>>[];
  try {
    bases = (await Promise.all(log.places.map((place) => basesAt(place, identity)))).flat();
  } catch (thrown) {
    return notice(progress, 'warning', `The log archive stays as it is: ${messageOf(thrown)}`);
  }
  for (const { name, backup } of await loadEngines(engineNames.filter((engine) => existsSync(log.of(engine))))) {
    await backup?.pointInTime?.keptLog.forget(
      log.of(name),
      bases.map((each) => each[name]).filter((base) => base !== undefined),
    );
  }
}

/** Of an archive that cannot be read nobody knows which log it goes on by. */
async function basesAt(place: string, { name: stack }: StackIdentity) {
  requirePlace(place);
  const storage = await openStorage(place);
  const archives = (await storage.list()).filter(({ sizeBytes }) => sizeBytes > 0);
  const summaries = await runConcurrently(archives, async ({ name }) => {
    const summary = await storage.summaryOf(name);
    if (summary === undefined) throw new Error(`${name} in ${place} does not say of which stack it is`);
    return summary;
  });
  return summaries.flatMap((summary) => (summary.stack === stack ? [summary.bases] : []));
}
