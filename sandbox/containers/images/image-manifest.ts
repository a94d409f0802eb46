import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { posix } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract, type Header, pack } from 'tar-stream';
import { withoutUndefined } from '../../core/without-undefined.ts';

/** One image of an archive, as its `manifest.json` lists it (Docker Image Specification v1.2, "combined image JSON"). */
export interface ArchivedImage {
  /** Path of its configuration in the archive. */
  readonly config: string;
  /** Names that it would be given. */
  readonly tags: readonly string[];
  /** Paths of its layers in the archive, the lowest first; links are followed. */
  readonly layers: readonly string[];
}

const manifestName = 'manifest.json';

/** Largest list of images that is read, in bytes: that of five engines has about 4 kB. */
const manifestBytesMax = 1_000_000;

/** What an archive of images holds. Nothing of it is loaded. Throws where it is not a whole one. */
export async function readArchivedImages(file: string, signal?: AbortSignal): Promise<readonly ArchivedImage[]> {
  const files = new Set<string>();
  const links = new Map<string, string>();
  let manifest: unknown;
  await eachEntry(file, signal, async ({ name, type, linkname, size = 0 }, content) => {
    const path = posix.normalize(name);
    if (type === 'symlink' || type === 'link') {
      links.set(
        path,
        posix.normalize(type === 'link' ? (linkname ?? '') : posix.join(posix.dirname(path), linkname ?? '')),
      );
    }
    if (type !== 'file') return;
    if (files.has(path)) throw new Error(`it holds ${path} twice`);
    files.add(path);
    if (path !== manifestName) return;
    if (size > manifestBytesMax) throw new Error(`its ${manifestName} has ${size} bytes`);
    manifest = JSON.parse((await buffer(content)).toString('utf8'));
  });
  if (!Array.isArray(manifest)) throw new Error(`it has no ${manifestName}`);
  return manifest.map((entry) => {
    const { Config, RepoTags, Layers } = (entry ?? {}) as Record<string, unknown>;
    const paths = [Config, ...(Array.isArray(Layers) ? Layers : [undefined])].map((path) => {
      const asked = typeof path === 'string' ? posix.normalize(path) : '';
      const found = links.get(asked) ?? asked;
      if (!files.has(found)) throw new Error(`it lacks ${asked === '' ? 'a part' : asked}`);
      return found;
    });
    const tags = (Array.isArray(RepoTags) ? RepoTags : []).filter((tag) => typeof tag === 'string');
    return { config: paths[0] as string, tags, layers: paths.slice(1) };
  });
}

/** The archive with these images alone, each under one name that is given here. What else is in it stays behind. */
export function archiveOf(
  file: string,
  images: readonly (Pick<ArchivedImage, 'config' | 'layers'> & { readonly tag: string })[],
  signal?: AbortSignal,
): Readable {
  const archive = pack();
  const write = async () => {
    const manifest = images.map(({ config, layers, tag }) => ({ Config: config, RepoTags: [tag], Layers: layers }));
    archive.entry({ name: manifestName }, JSON.stringify(manifest));
    const wanted = new Set(images.flatMap(({ config, layers }) => [config, ...layers]));
    await eachEntry(file, signal, async ({ name, type, size = 0 }, content) => {
      const path = posix.normalize(name);
      if (type === 'file' && wanted.delete(path)) await pipeline(content, archive.entry({ name: path, size }));
    });
    archive.finalize();
  };
  write().catch((thrown: Error) => archive.destroy(thrown));
  return Readable.from(archive);
}

type Visit = (header: Header, content: Readable) => Promise<void>;

/** Hands each entry to `visit`; what that leaves unread is passed over. Takes an archive with gzip around it too. */
async function eachEntry(file: string, signal: AbortSignal | undefined, visit: Visit): Promise<void> {
  const entries = extract();
  const unpacked = (await isGzip(file)) ? [createGunzip()] : [];
  const reading = pipeline([createReadStream(file), ...unpacked, entries], withoutUndefined({ signal }));
  const [read, visited] = await Promise.allSettled([reading, visitAll(entries, visit)]);
  signal?.throwIfAborted();
  for (const result of [visited, read]) if (result.status === 'rejected') throw result.reason;
}

async function visitAll(entries: ReturnType<typeof extract>, visit: Visit): Promise<void> {
  for await (const entry of entries) {
    await visit(entry.header, Readable.from(entry));
    entry.resume();
  }
}

async function isGzip(file: string): Promise<boolean> {
  const handle = await open(file, 'r');
  try {
    const { buffer: head } = await handle.read(Buffer.alloc(2), 0, 2, 0);
    return head.equals(Buffer.from([0x1f, 0x8b]));
  } finally {
    await handle.close();
  }
}
