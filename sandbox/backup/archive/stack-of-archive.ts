import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import { manifestBytesMax, manifestFile } from './manifest.ts';

/** So many bytes from the start of an archive have its whole manifest in them, compressed or not. */
export const startBytes = manifestBytesMax + 65_536;

/**
 * Name of the stack that an archive is of, from the start of it: the manifest comes first. `undefined` where that cannot
 * be read. Nothing is held against anything else: this tells whose it is, not whether it is good.
 */
export async function stackOfArchive(start: Readable): Promise<string | undefined> {
  const entries = extract();
  // It ends early by design: what is wrong with it shows below.
  const reading = pipeline(start, createGunzip(), entries).catch(() => {});
  try {
    for await (const entry of entries) {
      if (!entry.header.name.endsWith(`/${manifestFile}`) || (entry.header.size ?? 0) > manifestBytesMax) break;
      const chunks: Buffer[] = [];
      for await (const chunk of entry) chunks.push(chunk as Buffer);
      const { stack } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { readonly stack?: unknown };
      return typeof stack === 'string' ? stack : undefined;
    }
  } catch {
    // It is cut off, or something else: nobody's.
  } finally {
    entries.destroy();
    await reading;
  }
  return undefined;
}
