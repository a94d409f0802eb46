import { SandboxError } from '../../core/errors.ts';
import {
  checkDate,
  checkFlag,
  checkOptionsOf,
  checkText,
  choiceCheck,
  type OptionChecks,
} from '../../core/option-checks.ts';
import { notice, silent } from '../../core/progress.ts';
import { momentText } from '../../core/text/moment.ts';
import { withoutUndefined } from '../../core/without-undefined.ts';
import type { Engine } from '../../engines/contract/engine.ts';
import type { EngineName } from '../../engines/engine-names.ts';
import { engineNames } from '../../engines/engine-names.ts';
import { loadEngines } from '../../engines/load-engines.ts';
import { stackOptionChecks } from '../../stack/check-stack-options.ts';
import { stackIdentity } from '../../stack/state/stack-identity.ts';
import type { ArchiveManifest } from '../archive/manifest.ts';
import { archiveRefused } from '../archive/refusal.ts';
import { withBackupLock } from '../backup-lock.ts';
import type { RestoredEngine, RestoreReport } from '../backup-report.ts';
import { locateArchive, moveArchivesOfProject } from '../kept/archives-of-project.ts';
import { openStored } from '../open-stored.ts';
import { chooseArchive } from '../point-in-time/choose-archive.ts';
import { openLogFolder } from '../point-in-time/log-folder.ts';
import { requireMoment, sourceAtMoment } from '../point-in-time/source-at-moment.ts';
import { doorsOf, rightsNotConfirmed } from './archived-doors.ts';
import { restoreBesideLive } from './restore-beside.ts';
import { restoreInPlace } from './restore-in-place.ts';
import type { RestoreSource } from './restore-one.ts';
import type { RestoreOptions } from './restore-options.ts';

export type { RestoreOptions };

const { directory, name, engines, ports, images, dockerInstall, readyTimeoutMs, progress, signal } = stackOptionChecks;

const restoreChecks: OptionChecks<RestoreOptions> = {
  ...{ directory, name, engines, ports, images, dockerInstall, readyTimeoutMs, progress, signal },
  archive: checkText,
  moment: checkDate,
  nearest: checkFlag,
  into: choiceCheck(['restore', 'replace']),
  confirmed: checkFlag,
  archiveTrusted: checkFlag,
  safetyTo: checkText,
  strict: checkFlag,
};

/**
 * Restores an archive, engines side by side: beside the live data, or in its place.
 * An archive that cannot be trusted is refused with a `BACKUP_...` code before anything else happens. Times are in
 * milliseconds, sizes in bytes.
 *
 * Throws `BAD_OPTION`, also where neither an archive nor a moment is named, `RESTORE_NOT_CONFIRMED` where `replace` is not
 * confirmed, `BACKUP_BUSY` while a backup or another restore of the stack runs, `BACKUP_NOT_FOUND`, `ARCHIVE_FOREIGN` where no
 * known key has signed it and it is not trusted, `RESTORE_RIGHTS_NOT_CONFIRMED` where it brings rights that open a door and
 * is not trusted, `BACKUP_PART_MISSING` where an engine asked for is not in the archive, `MOMENT_OUT_OF_RANGE` for a moment
 * that nothing leads to, `NOT_SUPPORTED` for engines that have no other one than the archive's, `RESTORE_WOULD_LOSE` where
 * `replace` would take what no backup holds, and what the engines throw.
 *
 *     const archive = 'taishang-backup-20261124_030000.tar.gz';
 *     const beside = await restoreBackup({ archive });
 *     await restoreBackup({ archive, into: 'replace', confirmed: true });
 */
export async function restoreBackup(options: RestoreOptions): Promise<RestoreReport> {
  checkOptionsOf('restoreBackup', options, restoreChecks);
  if (options.archive === undefined) requireChoice(options.moment);
  if (options.into === 'replace' && options.confirmed !== true) throw notConfirmed();
  const identity = stackIdentity(options);
  return withBackupLock(identity, 'restore', async () => {
    await moveArchivesOfProject(identity, options.progress);
    return restoreUnderLock(options);
  });
}

async function restoreUnderLock(options: RestoreOptions): Promise<RestoreReport> {
  const { into = 'restore', progress = silent } = options;
  const beganMs = performance.now();
  const identity = stackIdentity(options);
  const passed = withoutUndefined({ signal: options.signal });
  const { moment } = options;
  const place =
    options.archive === undefined
      ? await chooseArchive(identity, requireChoice(moment), options.engines, progress)
      : await locateArchive(options.archive, identity);
  await using stored = await openStored(place, identity, options);
  const { opened, name, provenance } = stored;
  const { manifest } = opened;
  if (provenance === 'foreign') {
    if (options.archiveTrusted !== true) throw archiveForeign(name);
    notice(
      progress,
      'warning',
      `${name} is foreign: no known key has signed it. It is restored because it is trusted.`,
    );
  }
  const engines = await loadEngines(chooseEngines(manifest, options.engines));
  const { archiveTrusted = false } = options;
  const archived: RestoreSource = { manifest, folderOf: opened.folderOf, engines, archiveTrusted, ...passed };
  if (moment !== undefined) await requireMoment(archived, { ...options, moment }, identity);
  await using brought =
    moment === undefined ? undefined : await sourceAtMoment(archived, { ...options, moment }, identity);
  const source = brought?.source ?? archived;
  const doors = await doorsOf(source, options);
  if (doors.length > 0 && !archiveTrusted) throw rightsNotConfirmed(doors);
  const result = await (into === 'replace' ? restoreInPlace(source, options) : restoreBesideLive(source, options));
  if (into === 'replace') await sayThatLogBeginsAnew(engines, options);
  return {
    version: 1,
    archive: { name, sizeBytes: opened.sizeBytes },
    provenance,
    into,
    runId: manifest.runId,
    createdAt: manifest.createdAt,
    stack: identity.name,
    durationMs: Math.round(performance.now() - beganMs),
    doors,
    ...(moment === undefined ? {} : { moment: { at: moment.toISOString(), local: momentText(moment) } }),
    ...result,
    ...(moment === undefined ? {} : { engines: result.engines.map((engine) => asOf(engine, manifest, moment)) }),
  };
}

/** The log of what was replaced stays; that of what has taken its place is kept from its first base on. */
async function sayThatLogBeginsAnew(engines: readonly Engine[], options: RestoreOptions): Promise<void> {
  const anew = engines.filter(({ backup }) => backup?.pointInTime !== undefined).map(({ title }) => title);
  if (anew.length === 0 || (await openLogFolder(stackIdentity(options))) === undefined) return;
  const text = `The next backup begins the log of the restored ${anew.join(', ')}: moments before it cannot be restored.`;
  notice(options.progress ?? silent, 'info', `${text} \`npm run sandbox -- backup\``);
}

/** The moment that an engine has come from. */
function asOf(engine: RestoredEngine, { engines, createdAt }: ArchiveManifest, moment: Date): RestoredEngine {
  const isBrought = engines.some(({ backup, base }) => backup.engine === engine.engine && base !== undefined);
  return { ...engine, asOf: isBrought ? moment.toISOString() : createdAt };
}

function requireChoice(moment: Date | undefined): Date {
  if (moment !== undefined) return moment;
  throw new SandboxError({
    code: 'BAD_OPTION',
    message: 'Neither an archive nor a moment to restore is named.',
    next: "`npm run sandbox -- backup list` names archives: restore FILE, or restore --to '2026-11-29 10:00'.",
  });
}

function chooseEngines(
  { engines, leftOut = [] }: ArchiveManifest,
  wanted?: readonly EngineName[],
): readonly EngineName[] {
  const archived = engines.map(({ backup }) => backup.engine);
  const unknown = archived.find((name) => !engineNames.some((known) => known === name));
  if (unknown !== undefined && wanted === undefined) {
    throw archiveRefused('BACKUP_MANIFEST_INVALID', `this release knows no engine ${unknown}`);
  }
  const missing = wanted?.find((name) => !archived.includes(name));
  if (missing !== undefined) {
    const why = leftOut.find(({ engine }) => engine === missing)?.why;
    const reason = `it has nothing of ${missing}, only of ${archived.join(', ')}`;
    throw archiveRefused('BACKUP_PART_MISSING', why === undefined ? reason : `${reason}: ${why}`);
  }
  return engineNames.filter((name) => (wanted ?? archived).includes(name));
}

function archiveForeign(name: string): SandboxError {
  return new SandboxError({
    code: 'ARCHIVE_FOREIGN',
    message: `${name} is foreign: none of the keys that are known here has signed it.`,
    next: 'Nothing was touched. Pass --trust-archive if you trust whoever made it with your databases, or name the key that has signed it in SANDBOX_ARCHIVE_KEY_FILE.',
  });
}

function notConfirmed(): SandboxError {
  return new SandboxError({
    code: 'RESTORE_NOT_CONFIRMED',
    message: 'Replacing live data was not confirmed; nothing was done.',
    next: 'Pass --yes to replace it; a safety backup is taken first. Without --into replace, the data goes beside the live data.',
  });
}
