import { isSafePath } from '../../core/safe-path.ts';
import { archiveRefused } from './refusal.ts';

/** Throws `BACKUP_PATH_UNSAFE` unless the path stays below the folder that it is relative to, on every system. */
export function requireSafePath(path: string): void {
  if (isSafePath(path)) return;
  throw archiveRefused('BACKUP_PATH_UNSAFE', `it names ${JSON.stringify(path)}, which may lead out of it`);
}
