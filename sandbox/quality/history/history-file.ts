import { constants } from 'node:fs';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeFolder } from '../../core/files/make-folder.ts';
import { privateMode, writePrivateFile } from '../../core/files/private-files.ts';
import { parseRecordedRun, type RecordedRun } from './recorded-run.ts';

/** What a file of runs holds, the oldest first. */
export interface RecordedRuns {
  readonly runs: readonly RecordedRun[];
  /** Lines that are no runs: one that a process which was killed had not written to its end, or of a later release. */
  readonly unreadable: number;
}

/** Some 600 runs of the platform's checks (13 kB each): three weeks, where one runs every hour. */
const sizeBytesMax = 8 * 1_048_576;

/** A file that is not there holds no run. */
export async function readRuns(file: string): Promise<RecordedRuns> {
  const lines = linesOf(await readFile(file, 'utf8').catch(unlessMissing));
  const runs = lines.flatMap((line) => parseRecordedRun(line) ?? []);
  return { runs, unreadable: lines.length - runs.length };
}

/**
 * Appends a run in a line of its own, whatever the last one looks like; mode 600. A file above `limitBytes` (default
 * 8 MiB) keeps the newest runs, as many as half of that holds. Throws the system's own error.
 */
export async function appendRun(file: string, run: RecordedRun, limitBytes = sizeBytesMax): Promise<void> {
  await makeFolder(dirname(file));
  const flags = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;
  const handle = await open(file, flags, privateMode);
  let sizeBytes: number;
  try {
    const before = (await isCutOff(handle)) ? '\n' : '';
    await handle.appendFile(`${before}${JSON.stringify(run)}\n`);
    sizeBytes = (await handle.stat()).size;
  } finally {
    await handle.close();
  }
  if (sizeBytes > limitBytes) await dropOldest(file, limitBytes / 2);
}

/** Whether whoever wrote last was killed in the middle of a line. */
async function isCutOff(handle: FileHandle): Promise<boolean> {
  const { size } = await handle.stat();
  if (size === 0) return false;
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer.toString() !== '\n';
}

/** The newest run stays, however long it is. */
async function dropOldest(file: string, leftBytesMax: number): Promise<void> {
  const kept: string[] = [];
  let sizeBytes = 0;
  for (const line of linesOf(await readFile(file, 'utf8')).toReversed()) {
    sizeBytes += Buffer.byteLength(line) + 1;
    if (sizeBytes > leftBytesMax && kept.length > 0) break;
    kept.unshift(`${line}\n`);
  }
  await writePrivateFile(file, kept);
}

function linesOf(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '');
}

function unlessMissing(thrown: NodeJS.ErrnoException): string {
  if (thrown.code === 'ENOENT') return '';
  throw thrown;
}
