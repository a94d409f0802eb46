import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from 'pg';
import { backupRefused } from '../backup-files.ts';
import type { RunningEngine } from '../topology.ts';
import { openPrimary } from './connection.ts';
import { globalsFile } from './described-databases.ts';

/** Reads what `pg_dumpall` wrote. Throws `BACKUP_PART_UNREADABLE` where it does not begin and end as that does. */
export async function readGlobals(directory: string): Promise<string> {
  const text = await readFile(join(directory, globalsFile), 'utf8');
  const begins = text.includes('\n-- PostgreSQL database cluster dump\n');
  if (begins && text.trimEnd().endsWith('\n-- PostgreSQL database cluster dump complete\n--')) return text;
  const reason = begins ? `${globalsFile} ends too early` : `pg_dumpall did not write ${globalsFile}`;
  throw backupRefused('BACKUP_PART_UNREADABLE', 'postgresql', reason);
}

/**
 * Creates the roles that are missing, all or none. Those that are there get the attributes of the backup with
 * `overwrite`, and stay as they are without. The superuser keeps the stack's password either way.
 */
export async function restoreGlobals(
  target: RunningEngine,
  text: string,
  { overwrite }: { readonly overwrite: boolean },
): Promise<void> {
  await using opened = await openPrimary(target, { database: 'postgres' });
  const there = await namesOfRoles(opened.client);
  const kept = text.split('\n').filter((line) => isWanted(line, there, overwrite));
  // Several statements in one message are one transaction (PostgreSQL documentation, "Message Flow").
  await opened.client.query(kept.join('\n'));
}

export async function namesOfRoles(client: Client): Promise<ReadonlySet<string>> {
  const { rows } = await client.query<{ rolname: string }>('SELECT rolname FROM pg_roles');
  return new Set(rows.map(({ rolname }) => rolname));
}

const identifier = '("(?:[^"]|"")+"|[^\\s;,"]+)';
const creation = new RegExp(`^CREATE ROLE ${identifier};`);
const change = new RegExp(`^(?:ALTER ROLE ${identifier} |COMMENT ON ROLE ${identifier} |GRANT .* TO ${identifier}\\b)`);

function isWanted(line: string, there: ReadonlySet<string>, overwrite: boolean): boolean {
  // Commands of psql, which guard a terminal that nothing here is.
  if (/^\\(un)?restrict /.test(line)) return false;
  if (/^ALTER ROLE "?postgres"? WITH /.test(line)) return false;
  const created = creation.exec(line)?.[1];
  if (created !== undefined) return !there.has(unquoted(created));
  const changed = change
    .exec(line)
    ?.slice(1)
    .find((name) => name !== undefined);
  return overwrite || changed === undefined || !there.has(unquoted(changed));
}

function unquoted(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}
