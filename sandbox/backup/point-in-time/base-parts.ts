import type { BackupManifest, BackupPart } from '../../engines/contract/backup.ts';
import type { ArchivedEngine } from '../archive/manifest.ts';

/** Folder of an engine's files in an archive that has its base backup. */
export const baseFolder = 'point-in-time';

const prefix = `${baseFolder}/`;

/** Parts of a base backup as the archive names them. */
export function inBaseFolder(parts: readonly BackupPart[]): readonly BackupPart[] {
  return parts.map((part) => ({ ...part, path: `${prefix}${part.path}` }));
}

/** What an engine's own restore is given: its backup without the base beside it. */
export function withoutBase({ base, ...engine }: ArchivedEngine): ArchivedEngine {
  if (base === undefined) return engine;
  const parts = engine.backup.parts.filter(({ path }) => !path.startsWith(prefix));
  return { ...engine, backup: { ...engine.backup, parts } };
}

/** The base backup alone. */
export function baseManifest({ backup }: ArchivedEngine): BackupManifest {
  const parts = backup.parts
    .filter(({ path }) => path.startsWith(prefix))
    .map((part) => ({ ...part, path: part.path.slice(prefix.length) }));
  return { ...backup, method: 'a base backup and its log', consistentPoint: true, parts };
}
