import { createReadStream, createWriteStream } from 'node:fs';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGunzip, createGzip } from 'node:zlib';
import { makeFolder } from '../../../../core/files/make-folder.ts';
import { privateMode, writePrivateFile } from '../../../../core/files/private-files.ts';
import { replaceFile } from '../../../../core/files/replace-file.ts';
import type { BaseDescription } from '../../../contract/backup.ts';
import { isBaseBackup } from './base-description.ts';
import { type Mark, marksFile } from './log-marks.ts';
import { bytesOf, isLogFile, segmentOf } from './write-ahead-log.ts';

/** Rows of users are in the log: its files are their owner's alone. A segment that was closed early is mostly zeroes. */
const packed = '.gz';

/** The log of one server on this machine. */
export interface KeptHistory {
  /** Names of the files that are whole, as the server calls them. */
  readonly files: () => Promise<readonly string[]>;
  /** In the order of their time. */
  readonly marks: () => Promise<readonly Mark[]>;
  /** Takes a file; it has its name once it is on the disk. */
  readonly add: (name: string, content: Readable) => Promise<void>;
  readonly addMarks: (marks: readonly Mark[]) => Promise<void>;
  readonly copyTo: (name: string, stream: Writable) => Promise<void>;
}

/** @param history system identifier of the server */
export async function openHistory(folder: string, history: string): Promise<KeptHistory> {
  const directory = join(folder, history);
  const marks = () => readMarks(directory);
  return {
    files: async () => (await packedFiles(directory)).map((name) => name.slice(0, -packed.length)),
    marks,
    async add(name, content) {
      await makeFolder(directory);
      const file = join(directory, `${name}${packed}`);
      const gzip = createGzip({ level: constants.Z_BEST_SPEED });
      await pipeline(content, gzip, createWriteStream(`${file}.partial`, { mode: privateMode }));
      await replaceFile(`${file}.partial`, file);
    },
    async addMarks(added) {
      const all = new Map([...(await marks()), ...added].map((mark) => [mark.position, mark]));
      const inOrder = [...all.values()].toSorted((one, other) => Date.parse(one.time) - Date.parse(other.time));
      await makeFolder(directory);
      await writePrivateFile(join(directory, marksFile), `${JSON.stringify(inOrder)}\n`);
    },
    copyTo: (name, stream) => pipeline(createReadStream(join(directory, `${name}${packed}`)), createGunzip(), stream),
  };
}

async function packedFiles(directory: string): Promise<readonly string[]> {
  const names = await readdir(directory).catch(nothingThere);
  return names.filter((name) => name.endsWith(packed) && isLogFile(name.slice(0, -packed.length))).toSorted();
}

async function readMarks(directory: string): Promise<readonly Mark[]> {
  const text = await readFile(join(directory, marksFile), 'utf8').catch((thrown) => {
    nothingThere(thrown);
    return '[]';
  });
  return JSON.parse(text) as readonly Mark[];
}

function nothingThere(thrown: NodeJS.ErrnoException): string[] {
  if (thrown.code === 'ENOENT' || thrown.code === 'ENOTDIR') return [];
  throw thrown;
}

/** What was taken first goes, until no more than so many bytes are left. */
export async function removeOldest(folder: string, sizeBytesMax: number): Promise<void> {
  const histories = await readdir(folder).catch(nothingThere);
  const found = await Promise.all(
    histories.map(async (history) => {
      const directory = join(folder, history);
      return Promise.all(
        (await packedFiles(directory)).map(async (name) => {
          const { size, mtimeMs } = await stat(join(directory, name));
          return { file: join(directory, name), size, mtimeMs };
        }),
      );
    }),
  );
  const oldestFirst = found
    .flat()
    .toSorted((one, other) => one.mtimeMs - other.mtimeMs || (one.file < other.file ? -1 : 1));
  let left = oldestFirst.reduce((total, { size }) => total + size, 0);
  for (const { file, size } of oldestFirst) {
    if (left <= sizeBytesMax) return;
    await rm(file, { force: true });
    left -= size;
  }
}

/** A history that no base backup is of goes, and of the others what is older than their first one. */
export async function removeUnneeded(folder: string, descriptions: readonly BaseDescription[]): Promise<void> {
  const bases = (descriptions as readonly unknown[]).filter(isBaseBackup);
  for (const history of await readdir(folder).catch(nothingThere)) {
    const directory = join(folder, history);
    const ours = bases.filter((base) => base.history === history);
    const first = ours.toSorted((one, other) => Number(bytesOf(one.from) - bytesOf(other.from)))[0];
    if (first === undefined) {
      await rm(directory, { recursive: true, force: true });
      continue;
    }
    const start = bytesOf(first.from) / BigInt(first.segmentBytes);
    for (const name of await packedFiles(directory)) {
      if (name.endsWith(`.history${packed}`)) continue;
      const { number } = segmentOf(name.slice(0, -packed.length), first.segmentBytes);
      if (number < start) await rm(join(directory, name), { force: true });
    }
    const kept = (await readMarks(directory)).filter(({ position }) => bytesOf(position) >= bytesOf(first.from));
    await writePrivateFile(join(directory, marksFile), `${JSON.stringify(kept)}\n`);
  }
}
