import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type ArchiveManifest, manifestChecksum, manifestText } from '../../../../sandbox/backup/archive/manifest.ts';
import { openBackup } from '../../../../sandbox/backup/archive/open-archive.ts';
import type { ArchiveSigner } from '../../../../sandbox/backup/archive/signature.ts';
import { sha256Of, tarOf, topFolder } from '../made-up-archive.ts';
import { seal } from '../resealed.ts';

/** What is in an archive of one engine. */
export interface Contents {
  readonly manifest: ArchiveManifest;
  /** By its path in the engine's folder. */
  readonly files: ReadonlyMap<string, Buffer>;
}

export const engineOf = ({ manifest }: Contents): string => manifest.engines[0]?.backup.engine ?? '';

/** The contents of each engine of an archive. */
export async function contentsOf(archive: string, temporaryDirectory: string): Promise<readonly Contents[]> {
  await using opened = await openBackup(archive, { temporaryDirectory });
  return Promise.all(
    opened.manifest.engines.map(async (engine) => {
      const { parts, engine: name } = engine.backup;
      const read = parts.map(async ({ path }) => [path, await readFile(join(opened.folderOf(name), path))] as const);
      return { manifest: { ...opened.manifest, engines: [engine] }, files: new Map(await Promise.all(read)) };
    }),
  );
}

/** A manifest whose parts are what the files are. */
export function described({ manifest, files }: Contents): ArchiveManifest {
  const parts = [...files].map(([path, content]) => ({ path, sizeBytes: content.length, sha256: sha256Of(content) }));
  const sizeBytes = parts.reduce((total, part) => total + part.sizeBytes, 0);
  const engines = manifest.engines.map((engine) => ({ ...engine, sizeBytes, backup: { ...engine.backup, parts } }));
  return { ...manifest, engines };
}

/** Writes an archive in which everything outside of its contents is right: sums, seal and signature. */
export async function writeContents(
  file: string,
  contents: Contents,
  signers: readonly ArchiveSigner[],
  manifest = manifestText(described(contents)),
): Promise<void> {
  const text = Buffer.from(manifest);
  const files = [...contents.files].map(([path, content]) => [`${engineOf(contents)}/${path}`, content] as const);
  const entries = [
    ['manifest.json', text] as const,
    ['manifest.json.sha256', Buffer.from(manifestChecksum(text))] as const,
    ...files,
  ].map(([path, content]) => ({
    name: `${topFolder}/${path}`,
    content,
    pax: { comment: contents.manifest.runId },
  }));
  await seal(file, gzipSync(await tarOf(entries), { level: 1 }), signers);
}
