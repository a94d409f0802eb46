import { basename, dirname, resolve } from 'node:path';
import { SandboxError } from '../../core/errors.ts';
import { localFolder } from './local-folder.ts';
import { isS3Address } from './s3-address.ts';
import type { Storage } from './storage.ts';

/**
 * The storage at a location: the path of a folder, from the current one, or `s3://bucket/prefix`. Throws `BAD_OPTION`
 * for a kind of location that this release does not know.
 */
export async function openStorage(location: string): Promise<Storage> {
  // `S3://bucket` and `s3:/bucket` are no folders: backups would lie here, and look as if they were there.
  const [, scheme] = /^([a-z][a-z0-9+.-]+:\/\/|s3:\/?)/i.exec(location) ?? [];
  if (scheme === undefined) return localFolder(resolve(location));
  // Amazon's SDK takes longer to load than all else that a backup into a folder needs.
  if (isS3Address(location)) return (await import('./s3.ts')).s3Storage(location);
  throw new SandboxError({
    code: 'BAD_OPTION',
    message: `Backups cannot be kept at ${scheme} locations.`,
    next: 'Name a folder, or s3://bucket/prefix.',
  });
}

/** Where an archive is kept and how it is called there, from its whole address or path. */
export function splitLocation(archive: string): { readonly location: string; readonly name: string } {
  if (archive.includes('://')) {
    const slash = archive.lastIndexOf('/');
    return { location: archive.slice(0, slash), name: archive.slice(slash + 1) };
  }
  const path = resolve(archive);
  return { location: dirname(path), name: basename(path) };
}
