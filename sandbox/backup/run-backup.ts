import { join } from 'node:path';
import { messageOf, SandboxError } from '../core/errors.ts';
import { checkFlag, checkOptionsOf, checkText, type OptionChecks } from '../core/option-checks.ts';
import { notice, silent } from '../core/progress.ts';
import { withoutUndefined } from '../core/without-undefined.ts';
import { stackOptionChecks } from '../stack/check-stack-options.ts';
import { ensureStackFolder } from '../stack/state/stack-folder.ts';
import { shortHash, stackIdentity } from '../stack/state/stack-identity.ts';
import { stateDirectory } from '../stack/state/state-directory.ts';
import { notifyWebhook } from '../unattended/webhook.ts';
import { type WebhookTarget, webhookTarget } from '../unattended/webhook-target.ts';
import { withBackupLock } from './backup-lock.ts';
import type { BackupReport } from './backup-report.ts';
import { type BackupOptions, locationOf, writeBackup } from './create-backup.ts';
import { moveArchivesOfProject } from './kept/archives-of-project.ts';
import { failureMessage, successMessage } from './kept/backup-message.ts';
import { publishBackup } from './kept/backup-metrics.ts';
import { sendOutgoing, withOutgoing } from './kept/outgoing.ts';
import { applyRetention, requireRetentionDays } from './kept/retention.ts';
import { readTeamKeys } from './keys/team-keys.ts';
import { forgetLog } from './point-in-time/keep-log.ts';
import { openStorage } from './storage/open-storage.ts';
import { isS3Address } from './storage/s3-address.ts';
import type { Storage } from './storage/storage.ts';

/** What is backed up and where to, for how long it is kept, and who is told. */
export interface CreateBackupOptions extends BackupOptions {
  /**
   * Archives of this stack there that are older than so many days are removed, but never the newest; null: none is.
   * Default: 7.
   */
  readonly retentionDays?: number | null;
  /**
   * Address that is told how it ended, http or https; `SANDBOX_WEBHOOK_SECRET_FILE` has the key to sign with. Default:
   * nobody.
   */
  readonly webhook?: string;
}

const { directory, name, engines, progress, signal } = stackOptionChecks;

const backupChecks: OptionChecks<CreateBackupOptions> = {
  ...{ directory, name, engines, progress, signal },
  to: checkText,
  log: checkFlag,
  retentionDays: (_option, days) => {
    if (days !== null) requireRetentionDays(days as number);
  },
  webhook: checkText,
};

/** Whoever interrupts a backup does not wait for a webhook longer than this. */
const interruptedWebhookMs = 2_000;

/**
 * Backs the running stack up into one archive, removes archives that are too old, and tells a webhook how it ended.
 * What could not be stored because a transfer was cut stays in `outgoing` of the stack's folder, and the next backup to
 * the same place sends it first. Times are in milliseconds, sizes in bytes.
 * Throws `BAD_OPTION` before anything is read, `BACKUP_BUSY` while another backup or a restore of the stack runs,
 * `STACK_NOT_RUNNING`, `NOT_SUPPORTED` where an engine that is named, or everything, cannot be backed up, `BACKUP_FAILED`, and
 * what the storage throws: `STORAGE_UNREACHABLE`, `STORAGE_DENIED`, `STORAGE_NOT_FOUND`, `STORAGE_FULL`.
 *
 *     const { archive, leftOut } = await createBackup({ engines: ['postgresql', 'redis'], retentionDays: 30 });
 */
export async function createBackup(options: CreateBackupOptions = {}): Promise<BackupReport> {
  return (await prepareBackup(options))();
}

/**
 * Checks all options, and returns what makes one backup each time it is called: for a schedule of one's own.
 * Throws `BAD_OPTION`; what it returns throws what {@link createBackup} throws.
 *
 *     const backUp = await prepareBackup({ to: 's3://bucket/prefix' });
 *     const { archive } = await backUp();
 */
export async function prepareBackup(options: CreateBackupOptions): Promise<() => Promise<BackupReport>> {
  checkOptionsOf('createBackup', options, backupChecks);
  const target = options.webhook === undefined ? undefined : await webhookTarget(options.webhook);
  await readTeamKeys();
  const storage = await openStorage(await locationOf(options));
  const identity = stackIdentity(options);
  const run = () =>
    withBackupLock(identity, 'backup', async () => {
      await moveArchivesOfProject(identity, options.progress);
      return backUpAndTidy(options, storage);
    });
  return () => (target === undefined ? run() : telling(target, options, run));
}

async function backUpAndTidy(options: CreateBackupOptions, storage: Storage): Promise<BackupReport> {
  const { progress = silent, signal, retentionDays } = options;
  const report = await backUp(options, storage);
  await publishBackup(
    stackIdentity(options),
    report.engines.map(({ engine }) => engine),
    progress,
  );
  if (retentionDays === null) return report;
  const rule = { stack: report.stack, ...withoutUndefined({ retentionDays }) };
  try {
    const removed = await applyRetention(storage, rule, progress);
    await forgetLog(stackIdentity(options), progress);
    return { ...report, removed };
  } catch (thrown) {
    signal?.throwIfAborted();
    notice(progress, 'warning', `Archives that are too old could not be removed: ${messageOf(thrown)}`);
    return { ...report, removed: [] };
  }
}

/** What is sent over a network is kept here until it is there. */
async function backUp(options: CreateBackupOptions, storage: Storage): Promise<BackupReport> {
  const location = await locationOf(options);
  if (!isS3Address(location)) return writeBackup(options, storage);
  const { directory, name } = stackIdentity(options);
  const folder = join(await ensureStackFolder(directory, name), 'outgoing', shortHash(location));
  // Version 0.1 kept them in the project.
  const earlier = join(stateDirectory(directory), 'outgoing', shortHash(location));
  for (const each of new Set([earlier, folder])) {
    await sendOutgoing(storage, each, { progress: options.progress ?? silent, signal: options.signal });
  }
  return writeBackup(options, withOutgoing(storage, folder));
}

async function telling(
  target: WebhookTarget,
  { progress = silent, signal }: CreateBackupOptions,
  run: () => Promise<BackupReport>,
): Promise<BackupReport> {
  const beganMs = performance.now();
  const durationMs = () => Math.round(performance.now() - beganMs);
  let report: BackupReport;
  try {
    report = await run();
  } catch (thrown) {
    const isInterrupted = signal?.aborted === true;
    const code = isInterrupted ? 'INTERRUPTED' : thrown instanceof SandboxError ? thrown.code : 'INTERNAL';
    await notifyWebhook(target, failureMessage(code, durationMs()), {
      progress,
      ...(isInterrupted ? { signal: AbortSignal.timeout(interruptedWebhookMs) } : {}),
    });
    throw thrown;
  }
  const { name, sizeBytes } = report.archive;
  const passed = withoutUndefined({ signal });
  const nodesDown = report.engines.flatMap((engine) => engine.nodesDown);
  await notifyWebhook(target, successMessage(name, sizeBytes, durationMs(), nodesDown), { progress, ...passed });
  return report;
}
