import { randomBytes } from 'node:crypto';
import { workingRoles } from '../server/connection.ts';
import { scramVerifier } from '../server/scram.ts';
import { identifier, literal } from '../server/statements.ts';
import { placeMark } from './marks.ts';

/** The login of one place. It opens that place's databases alone, and works in each as the platform's role there. */
export interface PlaceLogin {
  readonly role: string;
  readonly password: string;
  /** What the server keeps of the password; it is slow to make. */
  readonly verifier: string;
}

/**
 * Connections that a place may have: as many as the pool of a service takes (10 is the default of pg, SQLAlchemy has 5 and
 * 10 more), so that no test takes those of another one.
 */
export const connectionsPerPlace = 10;

export function newLogin(role: string): PlaceLogin {
  const password = randomBytes(24).toString('base64url');
  return { role, password, verifier: scramVerifier(password) };
}

/** Makes the role, marked from its first moment on: one message is one transaction. */
export function createLoginStatements(login: PlaceLogin): readonly string[] {
  const role = identifier(login.role);
  const workers = [...new Set(Object.values(workingRoles))].join(', ');
  return [
    `CREATE ROLE ${role} NOINHERIT`,
    `COMMENT ON ROLE ${role} IS ${literal(placeMark)}`,
    ...resetLoginStatements(login),
    // It has none of their rights until it is one of them, which it is in each of its databases from the start.
    `GRANT ${workers} TO ${role} WITH INHERIT FALSE, SET TRUE`,
  ];
}

/** Takes back what a test may have done to its own login: a role may change its password and its settings. */
export function resetLoginStatements({ role, verifier }: PlaceLogin): readonly string[] {
  return [
    `ALTER ROLE ${identifier(role)} RESET ALL`,
    `ALTER ROLE ${identifier(role)} LOGIN CONNECTION LIMIT ${connectionsPerPlace} PASSWORD ${literal(verifier)}`,
  ];
}
