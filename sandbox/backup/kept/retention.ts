import { now } from '../../core/clock.ts';
import { SandboxError } from '../../core/errors.ts';
import { notice, type ProgressListener } from '../../core/progress.ts';
import { shownValue } from '../../core/text/shown-value.ts';
import { archiveNameAt, momentOfArchive } from '../archive/archive-name.ts';
import type { Storage, StoredArchive } from '../storage/storage.ts';

/** Days that backups are kept, as the specification has it. */
const defaultRetentionDays = 7;

const dayMs = 24 * 3_600_000;

export interface RetentionRule {
  /** A whole number from 1 on. Default: {@link defaultRetentionDays}. */
  readonly retentionDays?: number;
  /** Default: this moment. */
  readonly now?: Date;
}

/**
 * Names of the archives that are older than the rule allows, oldest first, by the time in their names: a copy that was
 * made yesterday of a backup of last year is a backup of last year. Names of any other form are never among them, and
 * neither is the newest good archive, however old it is. Good means: verified when it was written. A backup is verified
 * before it gets its name, in a folder as in S3, so every archive that is listed and is not empty is a good one.
 * Throws `BAD_OPTION`.
 */
export function expiredArchives(archives: readonly StoredArchive[], rule: RetentionRule = {}): readonly string[] {
  const oldestMs = (rule.now ?? now()).getTime() - requireRetentionDays(rule.retentionDays) * dayMs;
  const dated = archives
    .flatMap(({ name, sizeBytes }) => {
      const moment = momentOfArchive(name);
      // The 31st of February reads as a day in March.
      return moment === undefined || archiveNameAt(moment) !== name
        ? []
        : [{ name, sizeBytes, atMs: moment.getTime() }];
    })
    .toSorted((one, other) => one.atMs - other.atMs);
  const newestGood = dated.findLast(({ sizeBytes }) => sizeBytes > 0);
  return dated.filter((archive) => archive.atMs < oldestMs && archive !== newestGood).map(({ name }) => name);
}

/** Checks a number of days before anything starts. Throws `BAD_OPTION`. */
export function requireRetentionDays(days: number = defaultRetentionDays): number {
  if (Number.isSafeInteger(days) && days >= 1) return days;
  throw new SandboxError({
    code: 'BAD_OPTION',
    message: `${shownValue(days)} is not a valid number of days to keep backups.`,
    next: 'Give a whole number from 1 on: --retention 7.',
  });
}

/**
 * Removes those of the {@link expiredArchives} of a storage that are of this stack, whose newest one was just made, and
 * returns their names: others may keep theirs in the same place. One that cannot be removed, or of which nobody can tell
 * whose it is, is a warning, and left for the next time: the backup that was just made is no worse for it.
 * Throws what listing throws.
 */
export async function applyRetention(
  storage: Storage,
  { stack, ...rule }: RetentionRule & { readonly stack: string },
  progress: ProgressListener,
): Promise<readonly string[]> {
  const expired = expiredArchives(await storage.list(), rule);
  const removed: string[] = [];
  for (const name of expired) {
    try {
      const owner = (await storage.summaryOf(name))?.stack;
      if (owner === undefined) throw new Error('it has no manifest that says of which stack it is');
      if (owner !== stack) continue;
      await storage.remove(name);
      removed.push(name);
    } catch (thrown) {
      const reason = thrown instanceof Error ? thrown.message : String(thrown);
      notice(progress, 'warning', `${name} is older than it may be, and could not be removed: ${reason}`);
    }
  }
  return removed;
}
