import { createHash } from 'node:crypto';
import { lstat, mkdtemp, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { Dataset } from '../../seeds/dataset.ts';
import type { EntityName } from '../../seeds/entities.ts';
import { messageOf, SandboxError } from '../core/errors.ts';
import { makeFolder } from '../core/files/make-folder.ts';
import { privateMode, writePrivateFile } from '../core/files/private-files.ts';
import {
  checkDataset,
  checkFunction,
  checkOptionsOf,
  checkSignal,
  checkText,
  choiceCheck,
  listCheck,
  type OptionChecks,
} from '../core/option-checks.ts';
import { type ProgressListener, runTask, silent } from '../core/progress.ts';
import { entityNames } from './check/fields.ts';
import { type FileFormat, fileFormats, rowEncoders } from './read/row-files.ts';

/** What is exported, where to, and as what. */
export interface ExportOptions {
  readonly dataset: Dataset;
  /** Folder that is made, with those above it; it may be there if it is empty. */
  readonly to: string;
  /** `ndjson`, `csv` or `parquet`; it is also the files' extension. */
  readonly format: FileFormat;
  /** Entities that are written. Default: all. */
  readonly entities?: readonly EntityName[];
  /** Told of each entity and its rows as they are written. Default: nobody. */
  readonly progress?: ProgressListener;
  /** Breaks the export off; nothing of it is left. Default: nothing does. */
  readonly signal?: AbortSignal;
}

const exportChecks: OptionChecks<ExportOptions> = {
  dataset: checkDataset,
  to: checkText,
  format: choiceCheck(fileFormats),
  entities: listCheck(choiceCheck(entityNames)),
  progress: checkFunction,
  signal: checkSignal,
};

/** One file of an export. */
export interface ExportedFile {
  readonly entity: EntityName;
  /** Name in the folder: `users.csv`. */
  readonly file: string;
  readonly rows: number;
  readonly sizeBytes: number;
  /** Of its bytes, as hexadecimal text. */
  readonly sha256: string;
}

/** What an export has written: `manifest.json` in its folder. */
export interface ExportManifest {
  readonly version: 1;
  readonly format: FileFormat;
  readonly size: string;
  readonly seed: number;
  /** Of the whole dataset, also where a part of it was exported. */
  readonly fingerprint: string;
  readonly files: readonly ExportedFile[];
}

/**
 * Writes a file for each entity, `<entity>.<format>`, and `manifest.json`. Rows are streamed. The folder appears when
 * everything is in it: what fails or is aborted leaves nothing. docs/dataset.md has the form of the rows.
 * Throws `BAD_OPTION`, `EXPORT_TARGET_NOT_EMPTY`, `EXPORT_FAILED`, or the signal's reason.
 *
 *     const dataset = createDataset({ size: 'small' });
 *     const { files } = await exportDataset({ dataset, to: 'rows', format: 'csv', entities: ['users'] });
 */
export async function exportDataset(options: ExportOptions): Promise<ExportManifest> {
  checkOptionsOf('exportDataset', options, exportChecks);
  for (const option of ['dataset', 'to', 'format'] as const) exportChecks[option](option, options[option]);
  const { dataset, format, progress = silent, signal } = options;
  const to = resolve(options.to);
  await requireEmpty(to);
  const entities = entityNames.filter((name) => options.entities?.includes(name) ?? true);
  let folder: string | undefined;
  try {
    await makeFolder(dirname(to), 0o777);
    folder = await mkdtemp(join(dirname(to), `.${basename(to).slice(0, 100)}.partial-`));
    const files: ExportedFile[] = [];
    for (const entity of entities) {
      files.push(await runTask(progress, ['export', entity], () => writeEntity(options, entity, folder as string)));
    }
    const { size, seed } = dataset;
    const fingerprint = await dataset.fingerprint();
    const manifest: ExportManifest = { version: 1, format, size, seed, fingerprint, files };
    await writePrivateFile(join(folder, 'manifest.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
    signal?.throwIfAborted();
    await rename(folder, to);
    return manifest;
  } catch (thrown) {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
    signal?.throwIfAborted();
    throw new SandboxError({
      code: 'EXPORT_FAILED',
      message: `The dataset could not be written to ${to}: ${messageOf(thrown)}.`,
      next: 'Nothing was left there. See to the folder and its disk, and run it again.',
      cause: thrown,
    });
  }
}

/** Throws `EXPORT_TARGET_NOT_EMPTY`. */
async function requireEmpty(to: string): Promise<void> {
  const found = await readdir(to).catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === 'ENOENT') return [];
    // A file, or a folder that cannot be read; where it is one above it that is a file, making the folder says so.
    return lstat(to).then(
      () => [basename(to)],
      () => [],
    );
  });
  if (found.length === 0) return;
  throw new SandboxError({
    code: 'EXPORT_TARGET_NOT_EMPTY',
    message: `${to} is there already, and not an empty folder.`,
    next: 'Name another folder, or remove it.',
  });
}

async function writeEntity(
  { dataset, format, progress = silent, signal }: ExportOptions,
  entity: EntityName,
  folder: string,
): Promise<ExportedFile> {
  const file = `${entity}.${format}`;
  const encoder = rowEncoders[format](entity);
  const hash = createHash('sha256');
  const handle = await open(join(folder, file), 'wx', privateMode);
  let rows = 0;
  let sizeBytes = 0;
  const write = async (bytes: Uint8Array) => {
    hash.update(bytes);
    sizeBytes += bytes.byteLength;
    if (bytes.byteLength > 0) await handle.writeFile(bytes);
  };
  try {
    for await (const batch of dataset.batches(entity)) {
      signal?.throwIfAborted();
      await write(encoder.rows(batch));
      rows += batch.length;
      const total = dataset.counts[entity];
      progress({ kind: 'advanced', task: ['export', entity], atMs: performance.now(), done: rows, total });
    }
    await write(encoder.end());
    await handle.sync();
  } finally {
    await handle.close();
  }
  return { entity, file, rows, sizeBytes, sha256: hash.digest('hex') };
}
