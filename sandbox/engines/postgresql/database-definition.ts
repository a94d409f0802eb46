import { escapeIdentifier } from 'pg';
import type { RunningEngine } from '../topology.ts';
import { openPrimary } from './connection.ts';

const identifier = '(?:"(?:[^"]|"")+"|[a-z_][a-z0-9_$]*)';

/** The part of a statement about a database that comes before its name. */
const beforeName = new RegExp(
  `^((?:CREATE DATABASE|ALTER DATABASE|ALTER ROLE ${identifier} IN DATABASE|COMMENT ON DATABASE` +
    `|(?:GRANT|REVOKE) [A-Z, ]+ ON DATABASE|SECURITY LABEL [^']* ON DATABASE) )${identifier}(?=\\s)`,
);

/**
 * Statements that make a database and give it its rights, settings and comment, under another name: `pg_restore` itself
 * knows only the old one. `text` is the output of `pg_restore --create` for the entries about the database itself.
 */
export function definitionOf(text: string, name: string): readonly string[] {
  return text
    .split(/;\n/)
    .map((statement) => statement.replace(/^(?:\s*(?:--|\\).*\n|\s+)*/, ''))
    .filter((statement) => beforeName.test(statement))
    .map((statement) => statement.replace(beforeName, (_, before: string) => before + escapeIdentifier(name)));
}

/** Drops what is there under these names, connections included. */
export async function dropDatabases(running: RunningEngine, names: readonly string[]): Promise<void> {
  await using opened = await openPrimary(running, { database: 'postgres' });
  for (const name of names) await opened.client.query(`DROP DATABASE IF EXISTS ${escapeIdentifier(name)} WITH (FORCE)`);
}

/** Renames all databases or none: `<name><from>` becomes `<name><to>`. */
export async function renameAll(
  running: RunningEngine,
  names: readonly string[],
  { from, to }: { readonly from: string; readonly to: string },
): Promise<void> {
  const statements = names.map(
    (name) => `ALTER DATABASE ${escapeIdentifier(name + from)} RENAME TO ${escapeIdentifier(name + to)}`,
  );
  await using opened = await openPrimary(running, { database: 'postgres' });
  // Several statements in one message are one transaction (PostgreSQL documentation, "Message Flow").
  if (statements.length > 0) await opened.client.query(statements.join(';\n'));
}
