import type { Readable, Stream } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import type { BaseDescription } from '../../engines/contract/backup.ts';
import { manifestBytesMax, manifestFile } from './manifest.ts';

/** So many bytes from the start of an archive have its whole manifest in them, compressed or not. */
export const startBytes = manifestBytesMax + 65_536;

/** What the start of an archive says of it. Nothing is held against anything else: it need not be good. */
export interface ArchiveSummary {
  /** Name of the stack that it is of. */
  readonly stack: string;
  /** Engines that it has something of. */
  readonly engines: readonly string[];
  /** Base backups in it, by engine: moments after it can be restored from them. */
  readonly bases: Readonly<Record<string, BaseDescription>>;
}

/**
 * {@link ArchiveSummary} from the start of an archive: the manifest comes first. `undefined` where that is none. Throws what
 * reading throws: of an archive whose bytes do not come nobody knows what it is.
 */
export async function summaryOfArchive(start: Readable): Promise<ArchiveSummary | undefined> {
  const unzipped = createGunzip();
  const entries = extract();
  const lost = firstToFail(start, unzipped);
  // It ends early by design: what is wrong with it shows below.
  const reading = pipeline(start, unzipped, entries).catch(() => {});
  try {
    for await (const entry of entries) {
      if (!entry.header.name.endsWith(`/${manifestFile}`) || (entry.header.size ?? 0) > manifestBytesMax) break;
      const chunks: Buffer[] = [];
      for await (const chunk of entry) chunks.push(chunk as Buffer);
      return summaryOf(JSON.parse(Buffer.concat(chunks).toString('utf8')));
    }
  } catch {
    // It is cut off, or something else: nobody's.
  } finally {
    entries.destroy();
    await reading;
  }
  const { stream, error } = lost();
  if (stream === start) throw error;
  return undefined;
}

/** A stream that fails takes the others with it. */
function firstToFail(...streams: readonly Stream[]): () => { readonly stream?: Stream; readonly error?: unknown } {
  let first = {};
  for (const stream of streams) {
    stream.once('error', (error) => {
      if (!('stream' in first)) first = { stream, error };
    });
  }
  return () => first;
}

function summaryOf(manifest: unknown): ArchiveSummary | undefined {
  const { stack, engines } = Object(manifest);
  if (typeof stack !== 'string') return undefined;
  const archived = (Array.isArray(engines) ? engines : []).map((engine): [string, BaseDescription | undefined] => {
    const { base, backup } = Object(engine);
    return [String(Object(backup).engine), typeof base === 'object' && base !== null ? base : undefined];
  });
  const bases = archived.flatMap(([engine, base]) => (base === undefined ? [] : [[engine, base] as const]));
  return { stack, engines: archived.map(([engine]) => engine), bases: Object.fromEntries(bases) };
}
