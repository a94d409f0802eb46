import { createHash, randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type Header, pack } from 'tar-stream';
import { folderNameAt } from '../../../sandbox/backup/archive/archive-name.ts';
import { type ArchiveManifest, manifestChecksum, manifestText } from '../../../sandbox/backup/archive/manifest.ts';
import { sealed } from '../../../sandbox/backup/archive/seal.ts';
import { writeArchive } from '../../../sandbox/backup/archive/write-archive.ts';

const createdAt = '2026-08-27T09:30:15.000Z';
export const topFolder = folderNameAt(new Date(createdAt));

/** A folder of its own for the files of a test. */
export async function scratchFolder() {
  const path = await mkdtemp(join(tmpdir(), 'taishang-archive-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

export const sha256Of = (content: Buffer) => createHash('sha256').update(content).digest('hex');

/** A manifest of files of made-up engines: `<engine>/<path>` to content. */
export function manifestOf(files: Readonly<Record<string, Buffer>>): ArchiveManifest {
  const names = [...new Set(Object.keys(files).map((path) => path.split('/')[0] ?? ''))];
  const engines = names.map((engine) => {
    const own = Object.entries(files).filter(([path]) => path.startsWith(`${engine}/`));
    const parts = own.map(([path, content]) => ({
      path: path.slice(engine.length + 1),
      sizeBytes: content.length,
      sha256: sha256Of(content),
    }));
    return {
      backup: {
        formatVersion: 1 as const,
        engine,
        serverVersion: '1.0',
        origin: 'built' as const,
        method: 'made up',
        consistentPoint: true as const,
        position: 'here',
        parts,
      },
      topology: 'standalone' as const,
      datasetFingerprint: null,
      durationMs: 1,
      sizeBytes: parts.reduce((total, { sizeBytes }) => total + sizeBytes, 0),
    };
  });
  return { formatVersion: 1, runId: randomUUID(), createdAt, stack: 'made-up', dataset: null, engines };
}

/** Writes an archive of these files as the command does, and returns its path. */
export async function writeMadeUp(folder: string, files: Readonly<Record<string, Buffer>>): Promise<string> {
  const directory = join(folder, 'parts');
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), content);
  }
  const file = join(folder, 'archive.tar.gz');
  await writeArchive({ manifest: manifestOf(files), directory }, file);
  return file;
}

export type Entry = Partial<Header> & { readonly name: string; readonly content?: Buffer };

/** The entries that an archive of these files has, for a test to change. */
export function entriesOf(manifest: ArchiveManifest, files: Readonly<Record<string, Buffer>>): Entry[] {
  const text = Buffer.from(manifestText(manifest));
  const pax = { comment: manifest.runId };
  const all = { 'manifest.json': text, 'manifest.json.sha256': Buffer.from(manifestChecksum(text)), ...files };
  return Object.entries(all).map(([path, content]) => ({ name: `${topFolder}/${path}`, content, pax }));
}

/** A tar file with these entries. */
export async function tarOf(entries: readonly Entry[]): Promise<Buffer> {
  const archive = pack();
  for (const { content = Buffer.alloc(0), ...header } of entries) archive.entry(header, content);
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Compresses and seals a tar file, so that nothing but the tar file itself can be found wrong. */
export async function writeSealed(file: string, tar: Buffer): Promise<void> {
  async function* bytes() {
    yield gzipSync(tar);
  }
  const chunks: Buffer[] = [];
  for await (const chunk of sealed()(bytes())) chunks.push(chunk);
  await writeFile(file, Buffer.concat(chunks));
}
