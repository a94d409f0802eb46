import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../../../core/errors.ts';
import type { BackupManifest } from '../../../contract/backup.ts';
import { backupRefused } from '../../../shared/backup/backup-files.ts';
import type { BaseBackup } from './base-description.ts';
import { isLogFile, type LogPosition, missingSegments } from './write-ahead-log.ts';

/** Folder of a backup that holds the log. */
export const logFolder = 'wal';

/** File of a backup that holds the marks. */
export const marksFile = 'marks.json';

/** A moment that the kept log leads to. */
export interface Mark {
  /** `null`: noted, but not named. */
  readonly name: string | null;
  /** Time of the server before it, as ISO 8601. A commit after that time is in the log before `position`. */
  readonly time: string;
  /** The log is needed up to here. */
  readonly position: LogPosition;
  readonly timeline: number;
}

/** A moment to restore: `pointInTime.restore` of the contract. */
export type Moment = { readonly time: Date } | { readonly mark: string };

/**
 * Finds the moment in the log of a backup. Throws `BACKUP_LOG_MISSING` where the log does not lead there: the server
 * itself would come up with less data instead.
 */
export async function requireLog(
  directory: string,
  manifest: BackupManifest,
  base: BaseBackup,
  until: Moment,
): Promise<Mark> {
  const paths = manifest.parts.map(({ path }) => path);
  if (!paths.includes(marksFile)) throw logMissing('no log was collected for it');
  const mark = find(await readMarks(directory), base, until);
  const files = paths
    .filter((path) => path.startsWith(`${logFolder}/`))
    .map((path) => path.slice(logFolder.length + 1));
  const missing = missingFiles(base, mark, files);
  if (missing.length > 0) throw logMissing(`its log lacks ${missing.join(', ')}`);
  return mark;
}

/** Names of the files that the way from a base backup to a mark lacks. */
export function missingFiles(
  base: BaseBackup,
  { position, timeline }: Pick<Mark, 'position' | 'timeline'>,
  files: readonly string[],
): readonly string[] {
  const range = { from: base.from, to: position, fromTimeline: base.timeline, toTimeline: timeline };
  const missing = missingSegments({ ...range, segmentBytes: base.segmentBytes }, files.filter(isLogFile));
  const history = historyFile(timeline);
  return timeline === base.timeline || files.includes(history) ? missing : [...missing, history];
}

/** A server that was promoted says in it which log it goes on from. */
function historyFile(timeline: number): string {
  return `${timeline.toString(16).toUpperCase().padStart(8, '0')}.history`;
}

async function readMarks(directory: string): Promise<readonly Mark[]> {
  const text = await readFile(join(directory, marksFile), 'utf8');
  try {
    const marks: unknown = JSON.parse(text);
    if (Array.isArray(marks)) return marks as readonly Mark[];
    throw new Error('it is not a list of marks');
  } catch (thrown) {
    throw backupRefused('BACKUP_PART_UNREADABLE', 'postgresql', `${marksFile}: ${messageOf(thrown)}`);
  }
}

function find(marks: readonly Mark[], base: BaseBackup, until: Moment): Mark {
  if ('mark' in until) {
    const named = marks.find(({ name }) => name === until.mark);
    if (named === undefined) throw logMissing(`its log has no mark ${JSON.stringify(until.mark)}`);
    return named;
  }
  const wanted = until.time.toISOString();
  if (until.time < new Date(base.consistentTime)) {
    throw logMissing(`${wanted} is before the backup, which is whole from ${base.consistentTime} on`);
  }
  const later = marks.find(({ time }) => new Date(time) >= until.time);
  if (later === undefined) throw logMissing(`its log ends at ${marks.at(-1)?.time ?? 'the backup'}, before ${wanted}`);
  return later;
}

function logMissing(reason: string): Error {
  return backupRefused('BACKUP_LOG_MISSING', 'postgresql', reason);
}
