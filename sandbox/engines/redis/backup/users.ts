import type { Redis } from 'ioredis';
import type { BackupManifest } from '../../contract/backup.ts';
import { backupRefused } from '../../shared/backup/backup-files.ts';
import { readSmallPart } from '../../shared/backup/small-part.ts';
import { isPlaceName } from '../../shared/isolation/place-names.ts';
import { AclLineError, type AclUser, ownUser, parseAclFile, parseLine, readableAgain, shown } from './acl-file.ts';

/** File of a backup with the users beside the stack's own. */
export const usersFile = 'users.acl';

/** Lines of `ACL LIST`, beside those of the stack's own user and of tests' places, in one order. Every byte is one character. */
export async function userLines(client: Redis): Promise<readonly string[]> {
  const lines = (await client.callBuffer('ACL', 'LIST')) as Buffer[];
  return lines
    .map((line) => line.toString('latin1'))
    .filter((line) => !line.startsWith(`user ${ownUser} `) && !isPlaceName(line.split(' ')[1] ?? ''))
    .toSorted();
}

/** Users of a server, and the lines that no server would read again. */
export interface UsersFound {
  readonly users: readonly AclUser[];
  readonly unreadable: readonly string[];
}

/**
 * Users of a server beside the stack's own. Redis writes some rules so that it does not read them again itself: those
 * of a selector in which a pattern ends with a bracket.
 */
export async function usersOf(client: Redis): Promise<UsersFound> {
  const users: AclUser[] = [];
  const unreadable: string[] = [];
  for (const line of await userLines(client)) {
    try {
      users.push(readableAgain(parseLine(line)));
    } catch (thrown) {
      if (!(thrown instanceof AclLineError)) throw thrown;
      unreadable.push(shown(line.split(' ')[1] ?? ''));
    }
  }
  return { users, unreadable };
}

/** Users of a backup. Throws `BACKUP_PART_UNREADABLE` with the line that is none, and what `readSmallPart` throws. */
export async function readUsers(directory: string, manifest: BackupManifest): Promise<readonly AclUser[]> {
  const bytes = await readSmallPart(directory, manifest, usersFile);
  try {
    return parseAclFile(bytes);
  } catch (thrown) {
    if (!(thrown instanceof AclLineError)) throw thrown;
    throw backupRefused('BACKUP_PART_UNREADABLE', 'redis', `${usersFile}, ${thrown.message}`);
  }
}
