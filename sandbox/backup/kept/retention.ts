import { now } from '../../core/clock.ts';
import { messageOf, SandboxError } from '../../core/errors.ts';
import { notice, type ProgressListener } from '../../core/progress.ts';
import { shownValue } from '../../core/text/shown-value.ts';
import { archiveNameAt, momentOfArchive } from '../archive/archive-name.ts';
import type { ArchiveSummary } from '../archive/archive-summary.ts';
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
 * Removes those of the {@link expiredArchives} of a storage that are of this stack, and returns their names, the oldest
 * first: others may keep theirs in the same place, and theirs are no reason to remove ours. The newest good one of the
 * stack stays, and the newest that has an engine, however old they are. One that cannot be removed, or of which nobody can
 * tell whose it is, is a warning, and left for the next time: the backup that was just made is no worse for it.
 * Throws what listing throws.
 */
export async function applyRetention(
  storage: Storage,
  { stack, ...rule }: RetentionRule & { readonly stack: string },
  progress: ProgressListener,
): Promise<readonly string[]> {
  const archives = await storage.list();
  const expired = new Set(expiredArchives(archives, rule));
  const passOver = (name: string, thrown: unknown) =>
    notice(progress, 'warning', `${name} is older than it may be, and could not be removed: ${messageOf(thrown)}`);
  const own: Contents[] = [];
  for (const archive of archives.filter(({ name }) => expired.has(name)).toReversed()) {
    try {
      const summary = await storage.summaryOf(archive.name);
      if (summary === undefined) throw new Error('it has no manifest that says of which stack it is');
      if (summary.stack === stack) own.push(contentsOf(archive, summary));
    } catch (thrown) {
      passOver(archive.name, thrown);
    }
  }
  const young = archives.filter(({ name }) => !expired.has(name)).toReversed();
  const gone = withNewer(own, await heldBy(storage, young, stack, own));
  const removed: string[] = [];
  for (const name of gone.toReversed()) {
    try {
      await storage.remove(name);
      removed.push(name);
    } catch (thrown) {
      passOver(name, thrown);
    }
  }
  return removed;
}

/** An archive of the stack, and what it is the newest one of, unless there is a newer one. */
interface Contents {
  readonly name: string;
  readonly isGood: boolean;
  readonly holds: readonly string[];
}

/** Beside its engines an archive holds a backup of the stack. */
function contentsOf({ name, sizeBytes }: StoredArchive, { engines }: ArchiveSummary): Contents {
  return { name, isGood: sizeBytes > 0, holds: ['', ...engines] };
}

/** What archives hold of that which these do, given the newest first: no more of them are read than it takes to know. */
async function heldBy(
  storage: Storage,
  young: readonly StoredArchive[],
  stack: string,
  own: readonly Contents[],
): Promise<Set<string>> {
  const asked = own.flatMap(({ holds }) => holds);
  const held = new Set<string>();
  for (const archive of young) {
    if (asked.every((each) => held.has(each))) break;
    // Of one that cannot be read nobody knows that it is good.
    const summary = await storage.summaryOf(archive.name).catch(() => undefined);
    if (summary?.stack !== stack || archive.sizeBytes === 0) continue;
    for (const each of contentsOf(archive, summary).holds) held.add(each);
  }
  return held;
}

/** Names of those, given the newest first, of which everything is in a newer good one. */
function withNewer(own: readonly Contents[], held: Set<string>): readonly string[] {
  return own.flatMap(({ name, isGood, holds }) => {
    if (!isGood || holds.every((each) => held.has(each))) return [name];
    for (const each of holds) held.add(each);
    return [];
  });
}
