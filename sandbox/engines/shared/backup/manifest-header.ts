import type { BackupManifest } from '../../contract/backup.ts';
import type { RunningEngine } from '../../contract/topology.ts';

/** What the manifest of every backup begins with: the format, and what it was taken from. */
export function manifestHeader({
  engine,
  serverVersion,
  image,
}: RunningEngine): Pick<BackupManifest, 'formatVersion' | 'engine' | 'serverVersion' | 'origin'> {
  return { formatVersion: 1, engine, serverVersion, origin: image.origin };
}
