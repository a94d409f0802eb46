import type { ResolvedImage } from '../../../containers/images/image-spec.ts';
import type { BackupManifest } from '../../contract/backup.ts';
import { backupRefused } from './backup-files.ts';

/** What a backup is to be restored into. */
export interface RestoreTarget {
  readonly engine: string;
  readonly image: Pick<ResolvedImage, 'origin'>;
  /** Unknown before the first start. */
  readonly serverVersion?: string;
}

/** Major, minor and patch of a server's version: `[8, 0, 2]` of `8.0.2`, `[2026, 8, 1]` of `2026.08.1-beta`. */
export function versionNumbers(version: string): readonly [number, number, number] {
  const [major = 0, minor = 0, patch = 0] = version.split('-', 1)[0]?.split('.').map(Number) ?? [];
  return [major, minor, patch];
}

/** Whether the first version is the second or a later one. */
export function isSameOrNewer(version: string, than: string): boolean {
  const [left, right] = [versionNumbers(version), versionNumbers(than)];
  const index = left.findIndex((number, place) => number !== right[place]);
  return index === -1 || (left[index] ?? 0) > (right[index] ?? 0);
}

/**
 * Refuses a backup of another engine, one that a stand-in made where the target is the engine itself, and the other
 * way round: `BACKUP_VERSION_FOREIGN`. A vendor's image and a build of the same engine take each other's.
 */
export function requireSameImplementation(target: RestoreTarget, manifest: BackupManifest): void {
  if (manifest.engine !== target.engine) {
    throw foreign(target, `it is of ${manifest.engine}`);
  }
  const isStandIn = target.image.origin === 'compatible';
  if ((manifest.origin === 'compatible') !== isStandIn) {
    throw foreign(target, `it is of ${isStandIn ? 'the engine itself, and this is a stand-in' : 'a stand-in'}`);
  }
}

/** The error of a backup that this server's version does not take. */
export function foreign({ engine, serverVersion, image }: RestoreTarget, reason: string, evidence?: string): Error {
  const server = serverVersion === undefined ? engine : `${engine} ${serverVersion}`;
  const what = `${server} (${image.origin}) does not take it: ${reason}`;
  return backupRefused('BACKUP_VERSION_FOREIGN', engine, what, evidence);
}
