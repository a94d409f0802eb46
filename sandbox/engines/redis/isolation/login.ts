import { sha256Of } from '../../../core/sha256-of.ts';

/**
 * Rules of the user of one place: everything but what reaches beyond a database. `+select|n` takes the command with this
 * number alone (Redis documentation, "ACL SETUSER": a first argument), so that no other database can be chosen; but a
 * connection begins in database 0, and no rule is about that.
 */
export function rulesOf(password: string, database: number): readonly string[] {
  return [
    'reset',
    'on',
    `#${sha256Of(password)}`,
    '~*',
    '&*',
    '+@all',
    // Settings, users, other clients, replication, the log of slow commands, MONITOR, DEBUG.
    '-@admin',
    '+acl|whoami',
    // Other databases.
    '-select',
    `+select|${database}`,
    '-swapdb',
    '-flushall',
    '-move',
    '-copy',
    '-migrate',
    // What a server has once.
    '-function|load',
    '-function|delete',
    '-function|flush',
    '-function|restore',
    '-function|kill',
    '-script|flush',
    '-script|kill',
  ];
}
