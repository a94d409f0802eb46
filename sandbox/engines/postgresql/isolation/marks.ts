import { randomBytes } from 'node:crypto';
import type { PlaceOwner } from '../../contract/isolation.ts';
import type { DatabaseName } from '../server/connection.ts';

/** Names of a place's role begin with it; so do those of its databases. With what follows it is 27 bytes long. */
const placePrefix = 'taishang_place_';

/** Role that owns the templates, and nothing else: a database of its own is a template of ours from its first moment on. */
export const templateOwner = 'taishang_templates';

/** Comment of {@link templateOwner}; without it a role of that name is somebody else's. */
export const templateOwnerMark = 'taishang sandbox: owner of templates';

const placeMark = /^taishang sandbox: place of process (\d+) since (\d+)$/;

export function newPlaceRole(): string {
  return `${placePrefix}${randomBytes(6).toString('hex')}`;
}

/** Comment of a place's role, which is there before its databases are. */
export function markOf({ pid, startedAtMs }: PlaceOwner): string {
  return `taishang sandbox: place of process ${pid} since ${startedAtMs}`;
}

/** Whose place it is; `undefined` of a role that is none. */
export function ownerOf(role: string, comment: string | null): PlaceOwner | undefined {
  const [, pid, startedAtMs] = placeMark.exec(comment ?? '') ?? [];
  return pid === undefined || !role.startsWith(placePrefix)
    ? undefined
    : { pid: Number(pid), startedAtMs: Number(startedAtMs) };
}

/** Name of a database in the place of a role: at most 46 bytes. */
export function databaseOfPlace(role: string, database: DatabaseName): string {
  return `${role}_${database.replace('taishang_', '')}`;
}
