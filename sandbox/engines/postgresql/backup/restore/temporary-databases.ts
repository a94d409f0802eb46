import { randomBytes } from 'node:crypto';
import type { Client } from 'pg';
import { temporaryName } from '../../../../core/text/derived-names.ts';
import type { RunningEngine } from '../../../contract/topology.ts';
import { openPrimary } from '../../server/connection.ts';
import { scramVerifier } from '../../server/scram.ts';
import { identifier, literal } from '../../server/statements.ts';
import { foundDatabases } from '../catalogue/described-databases.ts';

/** Comment of a role that is made for a time: nothing that lacks it is dropped. */
const roleMark = 'taishang sandbox: temporary';

/** A role of one database's restore: it owns the database, and has no rights beyond it. */
export interface TemporaryRole {
  readonly name: string;
  readonly password: string;
}

/** Opens `postgres` as the superuser, for statements that may hold passwords' verifiers: none of them is logged. */
export async function openAdministration(running: RunningEngine, database = 'postgres') {
  const opened = await openPrimary(running, { database });
  // What the database itself sets must not lead a name anywhere else.
  await opened.client.query(
    `SET search_path = ''; SET log_statement = 'none'; SET log_min_duration_statement = -1;
     SET log_min_error_statement = 'panic'; SET statement_timeout = 0; SET lock_timeout = 0;
     SET idle_in_transaction_session_timeout = 0; SET transaction_timeout = 0; SET default_transaction_read_only = off`,
  );
  return opened;
}

/** Makes a role that may log in, and nothing else. It does not see policies: the tables that it fills are its own. */
export async function createTemporaryRole(client: Client, temporaryBytesMax: number): Promise<TemporaryRole> {
  const role = { name: temporaryName(), password: randomBytes(24).toString('base64url') };
  const name = identifier(role.name);
  // Several statements in one message are one transaction (PostgreSQL documentation, "Message Flow").
  await client.query(
    `CREATE ROLE ${name} LOGIN BYPASSRLS NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION
       PASSWORD ${literal(scramVerifier(role.password))};
     COMMENT ON ROLE ${name} IS ${literal(roleMark)};
     ALTER ROLE ${name} SET temp_file_limit TO ${literal(`${Math.ceil(temporaryBytesMax / 1024)}kB`)}`,
  );
  return role;
}

/** Our setting on a database: its name, which stops to hold once its user renames it, and what it is a copy of. */
export function markStatements(database: string, name: string, original: string): readonly string[] {
  return [
    `ALTER DATABASE ${identifier(database)} SET taishang_sandbox.copy_name TO ${literal(name)}`,
    `ALTER DATABASE ${identifier(database)} SET taishang_sandbox.copy_of TO ${literal(original)}`,
  ];
}

export function unmarkStatements(database: string): readonly string[] {
  return [
    `ALTER DATABASE ${identifier(database)} RESET taishang_sandbox.copy_name`,
    `ALTER DATABASE ${identifier(database)} RESET taishang_sandbox.copy_of`,
  ];
}

/** Drops what carries our mark and was made for a time: what a killed run has left, or these names of a run. */
export async function dropTemporary(running: RunningEngine, names?: readonly string[]): Promise<void> {
  await using opened = await openAdministration(running);
  const { client } = opened;
  const found = await foundDatabases(client);
  for (const { name, temporary, isTemplate } of found) {
    if (!temporary || !(names?.includes(name) ?? true)) continue;
    if (isTemplate) await client.query(`ALTER DATABASE ${identifier(name)} IS_TEMPLATE false`);
    await client.query(`DROP DATABASE IF EXISTS ${identifier(name)} WITH (FORCE)`);
  }
  const { rows } = await client.query<{ name: string }>(
    `SELECT rolname AS name FROM pg_catalog.pg_roles
     WHERE rolname ~ '^taishang_tmp_[0-9a-f]{12}$' AND pg_catalog.shobj_description(oid, 'pg_authid') = $1`,
    [roleMark],
  );
  for (const { name } of rows) {
    if (names?.includes(name) ?? true) await dropTemporaryRole(running, client, name);
  }
}

/** What it still owns is a database that was there before it (`postgres`, `template1`): that goes back. */
async function dropTemporaryRole(running: RunningEngine, client: Client, name: string): Promise<void> {
  const { rows } = await client.query<{ database: string; owned: boolean }>(
    `SELECT d.datname AS database, d.datdba = r.oid AS owned
     FROM pg_catalog.pg_database d, pg_catalog.pg_roles r
     WHERE r.rolname = $1
       AND (d.datdba = r.oid OR EXISTS (SELECT FROM pg_catalog.pg_shdepend s WHERE s.dbid = d.oid AND s.refobjid = r.oid))`,
    [name],
  );
  for (const { database, owned } of rows) {
    if (owned) await client.query(`ALTER DATABASE ${identifier(database)} OWNER TO CURRENT_USER`);
    await using opened = await openAdministration(running, database);
    await opened.client.query(`DROP OWNED BY ${identifier(name)}`);
  }
  await client.query(`DROP OWNED BY ${identifier(name)}`);
  await client.query(`DROP ROLE ${identifier(name)}`);
}
