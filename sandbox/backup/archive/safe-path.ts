import { archiveRefused } from './refusal.ts';

/** Throws `BACKUP_PATH_UNSAFE` unless the path stays below the folder that it is relative to, on every system. */
export function requireSafePath(path: string): void {
  const segments = path.split('/');
  const unsafe = segments.some((segment) => segment === '' || segment === '.' || segment === '..');
  if (!unsafe && !/[\\:\0]/.test(path)) return;
  throw archiveRefused('BACKUP_PATH_UNSAFE', `it names ${JSON.stringify(path)}, which may lead out of it`);
}
