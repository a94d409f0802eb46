import { type Reader, readerOf, statementsOf } from '../../catalogue/sql-tokens.ts';
import { known, type Told } from './told.ts';
import {
  readDatabase,
  readDatabaseChange,
  readExtension,
  readTablespace,
  readTablespaceOptions,
} from './told-databases.ts';
import { readGrant, readRevoke } from './told-rights.ts';
import { readNewRole, readRole } from './told-roles.ts';
import { readSearchPath, readSessionSetting } from './told-settings.ts';

/**
 * Reads what `pg_dumpall --globals-only`, or `pg_restore --create` for a database itself, has written. Each statement is
 * one of a few shapes, and becomes data. Throws at every other.
 */
export function tell(told: Told, script: string): void {
  for (const tokens of statementsOf(script)) {
    const reader = readerOf(tokens);
    readStatement(told, reader);
    if (!reader.isAtEnd()) throw reader.wrong('nothing more');
  }
}

/** How each statement begins, and who reads the rest of it. */
const shapes: readonly (readonly [readonly string[], (told: Told, reader: Reader) => void])[] = [
  [['SET'], (_, reader) => readSessionSetting(reader)],
  [['SELECT', 'PG_CATALOG'], (_, reader) => readSearchPath(reader)],
  [['CREATE', 'ROLE'], readNewRole],
  [['ALTER', 'ROLE'], readRole],
  [['CREATE', 'TABLESPACE'], readTablespace],
  [['ALTER', 'TABLESPACE'], readTablespaceOptions],
  [['CREATE', 'DATABASE'], readDatabase],
  [['ALTER', 'DATABASE'], readDatabaseChange],
  [['CREATE', 'EXTENSION', 'IF', 'NOT', 'EXISTS'], readExtension],
  [['COMMENT', 'ON'], readComment],
  [['GRANT'], readGrant],
  [['REVOKE'], readRevoke],
];

function readStatement(told: Told, reader: Reader): void {
  const [, read] = shapes.find(([beginning]) => reader.takes(...beginning)) ?? [];
  if (read === undefined) throw reader.wrong('a statement of pg_dumpall or pg_dump');
  read(told, reader);
}

function readComment(told: Told, reader: Reader): void {
  const kind = reader.word();
  const things = { ROLE: told.roles, DATABASE: told.databases, TABLESPACE: told.tablespaces }[kind];
  if (things === undefined) throw reader.wrong('ROLE, DATABASE or TABLESPACE');
  const thing: { comment: string | null } = known<{ comment: string | null }>(things, reader.name(), reader);
  reader.expect('IS');
  thing.comment = reader.text();
}
