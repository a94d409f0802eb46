import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import { sha256Of } from '../../../core/sha256-of.ts';

/** Rounds that PostgreSQL itself uses (`scram_iterations`, default 4096). */
const rounds = 4_096;

/**
 * What the server keeps of a password (RFC 5803, PostgreSQL documentation, "pg_authid"). Handing this in instead of the
 * password keeps the password out of statements, and so out of the server's log. The salt is made from the password,
 * so that the same password gives the same container.
 */
export function scramVerifier(password: string): string {
  const salt = createHash('sha256').update(`salt of ${password}`).digest().subarray(0, 16);
  const salted = pbkdf2Sync(password, salt, rounds, 32, 'sha256');
  const keyOf = (name: string) => createHmac('sha256', salted).update(name).digest();
  const storedKey = sha256Of(keyOf('Client Key'), 'base64');
  return `SCRAM-SHA-256$${rounds}:${salt.toString('base64')}$${storedKey}:${keyOf('Server Key').toString('base64')}`;
}
