/**
 * Whether a path that was read from a file stays below the folder that it is relative to, on every system: it has no
 * empty segment, no `.`, no `..`, no drive, no backslash, and no character that a file name cannot have.
 */
export function isSafePath(path: unknown): path is string {
  if (typeof path !== 'string') return false;
  const segments = path.split('/');
  const leads = segments.some((segment) => segment === '' || segment === '.' || segment === '..');
  return !leads && !/[\\:\0]/.test(path);
}
