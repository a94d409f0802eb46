import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BackupManifest } from '../../../sandbox/engines/contract/backup.ts';
import type { Fingerprint } from '../../../sandbox/engines/contract/data.ts';
import { describePart } from '../../../sandbox/engines/shared/backup/backup-files.ts';

/** A folder for a backup, removed when it is disposed of. */
export interface BackupFolder extends AsyncDisposable {
  readonly path: string;
}

export async function backupFolder(): Promise<BackupFolder> {
  const path = await mkdtemp(join(tmpdir(), 'taishang-test-backup-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** A copy of a backup with one file changed. */
export async function copyWith(
  directory: string,
  path: string,
  change: (bytes: Buffer) => Buffer | string | undefined,
): Promise<BackupFolder> {
  const copy = await backupFolder();
  await cp(directory, copy.path, { recursive: true });
  const changed = change(await readFile(join(directory, path)));
  if (changed === undefined) await rm(join(copy.path, path));
  else await writeFile(join(copy.path, path), changed);
  return copy;
}

/** The manifest of a writer that was believed: it describes the changed file as it is. */
export async function describedAnew(
  directory: string,
  manifest: BackupManifest,
  path: string,
): Promise<BackupManifest> {
  const described = await describePart(directory, path);
  return { ...manifest, parts: manifest.parts.map((part) => (part.path === path ? described : part)) };
}

/** Names of the parts in which two fingerprints differ. */
export function differences(before: Fingerprint, after: Fingerprint): readonly string[] {
  const names = new Set([...Object.keys(before.parts), ...Object.keys(after.parts)]);
  return [...names].filter((name) => before.parts[name] !== after.parts[name]).toSorted();
}

/** A capability that the engine under test must have. */
export function supported<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('it is not supported');
  return value;
}
