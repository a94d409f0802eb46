import type { DatabaseName } from '../server/connection.ts';

/** Comment of a place's role. Its name says whose it is (`place-names.ts`), and those of its databases begin with that name. */
export const placeMark = 'taishang sandbox: place';

/** Role that owns the templates, and nothing else: a database of its own is a template of ours from its first moment on. */
export const templateOwner = 'taishang_templates';

/** Comment of {@link templateOwner}; without it a role of that name is somebody else's. */
export const templateOwnerMark = 'taishang sandbox: owner of templates';

/** Name of a database in the place of a role: at most 55 bytes. */
export function databaseOfPlace(role: string, database: DatabaseName): string {
  return `${role}_${database.replace('taishang_', '')}`;
}

/** Name of a database of a place that nobody has any more, until it is dropped: at most 60 bytes. */
export function leavingDatabase(name: string): string {
  return `${name}_gone`;
}
