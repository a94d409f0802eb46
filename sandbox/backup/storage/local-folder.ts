import { createReadStream, createWriteStream } from 'node:fs';
import { link, lstat, mkdtemp, readdir, realpath, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { partialName, removeLeftovers } from '../../containers/runtime/private-folder.ts';
import { type ErrorCode, messageOf, SandboxError } from '../../core/errors.ts';
import { makeFolder } from '../../core/files/make-folder.ts';
import { replaceFile } from '../../core/files/replace-file.ts';
import { momentOfArchive } from '../archive/archive-name.ts';
import { startBytes, summaryOfArchive } from '../archive/archive-summary.ts';
import { notFound } from '../archive/open-archive.ts';
import type { Storage, StoredArchive } from './storage.ts';

type CopyOptions = Parameters<Storage['store']>[2];

/** Keeps archives in a folder of this machine, which is made, for its owner alone, when the first one is stored. */
export function localFolder(directory: string): Storage {
  return {
    description: directory,
    prepare: () => withCodes(directory, () => prepare(directory)),
    list: () => withCodes(directory, () => list(directory)),
    store: (file, name, options) => withCodes(directory, () => store(file, directory, name, options)),
    fetch: (name, file, options) =>
      withCodes(directory, () => fetchInto(join(directory, basename(name)), file, options)),
    summaryOf: (name) =>
      withCodes(directory, () =>
        summaryOfArchive(createReadStream(join(directory, basename(name)), { end: startBytes })),
      ),
    remove: (name) => withCodes(directory, () => rm(join(directory, basename(name)), { force: true })),
  };
}

async function prepare(directory: string): Promise<void> {
  await makeFolder(directory);
  // A folder in which nothing can be made tells by that alone: `access` asks who may, not whether one can.
  await rm(await mkdtemp(join(directory, partialName('empty'))), { recursive: true });
}

async function list(directory: string): Promise<readonly StoredArchive[]> {
  const names = await readdir(directory).catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === 'ENOENT') return [];
    throw thrown;
  });
  const archives = names.filter((name) => momentOfArchive(name) !== undefined).toSorted();
  const found = await Promise.all(
    archives.map(async (name) => {
      // What is gone meanwhile, or is a link or a folder of somebody else, is no archive.
      const file = await lstat(join(directory, name)).catch(() => undefined);
      return file?.isFile() ? [{ name, sizeBytes: file.size }] : [];
    }),
  );
  return found.flat();
}

async function store(file: string, directory: string, name: string, options: CopyOptions): Promise<void> {
  await makeFolder(directory);
  await removeLeftovers(directory);
  const target = join(directory, name);
  if ((await list(directory)).some((archive) => archive.name === name)) throw nameTaken(target);
  const partial = join(directory, partialName(name));
  try {
    await copy(file, partial, options);
    await replaceFile(partial, target);
  } finally {
    await rm(partial, { force: true });
  }
}

async function fetchInto(named: string, file: string, options: CopyOptions): Promise<void> {
  // A link of its own to the newest archive: the copy must not be another link, which would mean something else there.
  const source = await realpath(named).catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === 'ENOENT' || thrown.code === 'ENOTDIR' || thrown.code === 'ELOOP') throw notFound(named);
    throw thrown;
  });
  const found = await stat(source).catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === 'ENOENT' || thrown.code === 'ENOTDIR') throw notFound(source);
    throw thrown;
  });
  if (!found.isFile()) throw notFound(named);
  await copy(source, file, options);
}

/** On one file system both names are of one file, and nothing is copied. */
async function copy(source: string, target: string, { progress, signal }: CopyOptions): Promise<void> {
  signal?.throwIfAborted();
  const { size } = await stat(source);
  try {
    await link(source, target);
    progress?.(size, size);
    return;
  } catch (thrown) {
    // Another file system, one without links, or a file of somebody else (proc(5), "protected_hardlinks").
    const { code = '' } = thrown as NodeJS.ErrnoException;
    if (!['EXDEV', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK', 'ENOSYS'].includes(code)) throw thrown;
  }
  let doneBytes = 0;
  async function* counted(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      doneBytes += chunk.length;
      progress?.(doneBytes, size);
      yield chunk;
    }
  }
  const output = createWriteStream(target, { mode: 0o600, flags: 'wx', flush: true });
  await pipeline(createReadStream(source), counted, output, ...(signal === undefined ? [] : [{ signal }]));
}

const codeOf: Readonly<Record<string, ErrorCode>> = {
  ENOSPC: 'STORAGE_FULL',
  EDQUOT: 'STORAGE_FULL',
  EACCES: 'STORAGE_DENIED',
  EPERM: 'STORAGE_DENIED',
  EROFS: 'STORAGE_DENIED',
  ENOTDIR: 'STORAGE_DENIED',
  ENOENT: 'STORAGE_DENIED',
  ELOOP: 'STORAGE_DENIED',
  ENAMETOOLONG: 'STORAGE_DENIED',
  EEXIST: 'STORAGE_DENIED',
};

async function withCodes<Value>(directory: string, act: () => Promise<Value>): Promise<Value> {
  try {
    return await act();
  } catch (thrown) {
    const code = codeOf[(thrown as NodeJS.ErrnoException).code ?? ''];
    if (thrown instanceof SandboxError || code === undefined) throw thrown;
    throw new SandboxError({
      code,
      message: `The folder ${directory} cannot be used for backups: ${messageOf(thrown)}.`,
      next:
        code === 'STORAGE_FULL'
          ? 'Make room there, or name another folder with --to.'
          : 'Name another folder with --to.',
      cause: thrown,
    });
  }
}

function nameTaken(file: string): SandboxError {
  return new SandboxError({
    code: 'BACKUP_FAILED',
    message: `${file} is there already; it is left alone.`,
    next: 'Run the backup again: its name is its time, to the second.',
  });
}
