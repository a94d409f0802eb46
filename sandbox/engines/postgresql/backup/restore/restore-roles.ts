import type { Client } from 'pg';
import type { Say } from '../../../contract/backup.ts';
import { identifier, literal, setClause } from '../../server/statements.ts';
import { inOneTransaction } from '../catalogue/apply-content.ts';
import { doorsOfRole } from '../catalogue/archived-doors.ts';
import type { Catalogue, CataloguedRole, Membership, Setting } from '../catalogue/catalogue.ts';
import { reachedFrom } from '../catalogue/reached.ts';
import { changeRights } from '../catalogue/rights.ts';

/** Roles of the stack itself: they get its passwords, whatever a backup says. */
const stackRoles = new Set(['postgres', 'taishang_user', 'taishang_ai_user', 'taishang_analytics_user', 'replicator']);

/** A role as the server has it. */
interface LiveRole {
  readonly name: string;
  readonly superuser: boolean;
  readonly bootstrap: boolean;
}

async function liveRoles(client: Client): Promise<ReadonlyMap<string, LiveRole>> {
  const { rows } = await client.query<LiveRole & Record<string, unknown>>(
    'SELECT rolname AS name, rolsuper AS superuser, oid = 10 AS bootstrap FROM pg_catalog.pg_roles',
  );
  return new Map(rows.map((row) => [row.name, row]));
}

/**
 * Roles, memberships, settings and rights on settings, as the backup has them, all or none: for a server of which nobody
 * else has anything. The superuser stays as it is. Says which roles open a door.
 */
export async function restoreRoles(client: Client, catalogue: Catalogue, say: Say): Promise<void> {
  const there = await liveRoles(client);
  const bootstrap = [...there.values()].find((role) => role.bootstrap)?.name ?? 'postgres';
  const restored = catalogue.roles.filter(({ name }) => name !== bootstrap);
  await inOneTransaction(client, [
    ...restored.filter(({ name }) => !there.has(name)).map(({ name }) => `CREATE ROLE ${identifier(name)}`),
    ...restored.map(attributesOf),
    ...catalogue.roles.map(({ name, comment }) => `COMMENT ON ROLE ${identifier(name)} IS ${literal(comment)}`),
    ...membershipStatements(catalogue.memberships, bootstrap),
    ...(await settingStatements(
      client,
      catalogue.settings.filter(({ database }) => database === null),
      say,
    )),
    ...catalogue.parameters.flatMap(
      ({ name, rights }) =>
        changeRights(`PARAMETER ${identifier(name)}`, {
          current: [],
          wanted: rights.map((right) => ({ ...right, grantor: bootstrap })),
          owner: bootstrap,
        }).byOwner,
    ),
  ]);
  for (const { name } of restored.filter((role) => !stackRoles.has(role.name))) {
    const door = doorsOfRole(catalogue, name);
    if (door.length > 0) say(`role ${JSON.stringify(name)} of the backup opens a door: ${door.join(', ')}`);
  }
}

/**
 * Creates the roles that are missing, without the right to log in or to do anything to the server, so that what is
 * restored can belong to them. Those that are there stay as they are, with what they may do and through whom.
 * Returns the names of those created.
 */
export async function addRoles(client: Client, catalogue: Catalogue, say: Say): Promise<ReadonlySet<string>> {
  const there = await liveRoles(client);
  const missing = catalogue.roles.filter(({ name }) => !there.has(name));
  const created = new Set(missing.map(({ name }) => name));
  const memberships = await harmlessMemberships(client, catalogue.memberships, there, created);
  const settings = catalogue.settings.filter(
    ({ database, role }) => database === null && role !== null && created.has(role),
  );
  await inOneTransaction(client, [
    ...missing.flatMap(({ name, inherit, comment }) => [
      `CREATE ROLE ${identifier(name)} NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS ${inherit ? 'INHERIT' : 'NOINHERIT'}`,
      `COMMENT ON ROLE ${identifier(name)} IS ${literal(comment)}`,
    ]),
    ...memberships.map((membership) => membershipStatement(membership)),
    ...(await settingStatements(client, settings, say, { onlyOwn: true })),
  ]);
  for (const { name } of missing) {
    const canLogIn = missing.some((role) => role.name === name && role.login);
    const lost = [...(canLogIn ? ['LOGIN'] : []), ...doorsOfRole(catalogue, name)];
    if (lost.length > 0) say(`role ${JSON.stringify(name)} was not here, and was created without ${lost.join(', ')}`);
  }
  return created;
}

/**
 * Memberships that give nobody who was there before anything that was there before: a role that was created joins one
 * that was not only where none of the old roles comes to it through the new one.
 */
async function harmlessMemberships(
  client: Client,
  memberships: readonly Membership[],
  there: ReadonlyMap<string, LiveRole>,
  created: ReadonlySet<string>,
): Promise<readonly Membership[]> {
  const known = (name: string) => created.has(name) || there.has(name);
  const concerned = memberships.filter(({ role, member }) => known(role) && known(member));
  const given = concerned.filter(({ role }) => created.has(role));
  const joining = concerned.filter(({ role, member }) => !created.has(role) && created.has(member));
  const { rows } = await client.query<{ role: string; member: string }>(
    `SELECT r.rolname AS role, m.rolname AS member FROM pg_catalog.pg_roles r, pg_catalog.pg_roles m
     WHERE pg_catalog.pg_has_role(m.oid, r.oid, 'MEMBER')`,
  );
  const has = new Set(rows.map(({ role, member }) => JSON.stringify([role, member])));
  const harmless = joining.filter(({ role, member }) => {
    if (role.startsWith('pg_') || there.get(role)?.superuser === true) return false;
    return oldMembersThrough(member, given, created).every((old) => has.has(JSON.stringify([role, old])));
  });
  return [...given, ...harmless];
}

/** Roles that were there before and that are members of a created one, straight or through others. */
function oldMembersThrough(
  role: string,
  memberships: readonly Membership[],
  created: ReadonlySet<string>,
): readonly string[] {
  const members = reachedFrom(role, (name) =>
    memberships.filter((each) => each.role === name).map(({ member }) => member),
  );
  return members.filter((name) => !created.has(name));
}

function attributesOf(role: CataloguedRole): string {
  const flag = (on: boolean, word: string) => (on ? word : `NO${word}`);
  const words = [
    flag(role.superuser, 'SUPERUSER'),
    flag(role.inherit, 'INHERIT'),
    flag(role.createRole, 'CREATEROLE'),
    flag(role.createDatabase, 'CREATEDB'),
    flag(role.login, 'LOGIN'),
    flag(role.replication, 'REPLICATION'),
    flag(role.bypassRls, 'BYPASSRLS'),
    `CONNECTION LIMIT ${role.connectionLimit}`,
    `PASSWORD ${literal(role.password)}`,
    ...(role.validUntil === null ? [] : [`VALID UNTIL ${literal(role.validUntil)}`]),
  ];
  return `ALTER ROLE ${identifier(role.name)} WITH ${words.join(' ')}`;
}

/** Each grant after the one that lets its grantor make it; one whose grantor never could is the superuser's. */
function membershipStatements(memberships: readonly Membership[], bootstrap: string): readonly string[] {
  const statements: string[] = [];
  const administrators = new Set<string>();
  let waiting = memberships;
  while (waiting.length > 0) {
    const ready = waiting.filter(
      ({ role, grantor }) => grantor === bootstrap || administrators.has(JSON.stringify([role, grantor])),
    );
    const next = ready.length > 0 ? ready : waiting;
    for (const membership of next) {
      statements.push(membershipStatement(membership, ready.length > 0 ? membership.grantor : undefined));
      if (membership.admin) administrators.add(JSON.stringify([membership.role, membership.member]));
    }
    waiting = waiting.filter((membership) => !next.includes(membership));
  }
  return statements;
}

function membershipStatement({ role, member, admin, inherit, set }: Membership, grantor?: string): string {
  const options = [`ADMIN ${admin}`, ...(inherit === null ? [] : [`INHERIT ${inherit}`]), `SET ${set}`];
  const by = grantor === undefined ? '' : ` GRANTED BY ${identifier(grantor)}`;
  return `GRANT ${identifier(role)} TO ${identifier(member)} WITH ${options.join(', ')}${by}`;
}

/** `onlyOwn`: leaves out what only a superuser may set. What this server does not know is left out, and said. */
export async function settingStatements(
  client: Client,
  settings: readonly Setting[],
  say: Say,
  { onlyOwn = false, database }: { readonly onlyOwn?: boolean; readonly database?: string } = {},
): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string; context: string }>(
    'SELECT name, context FROM pg_catalog.pg_settings',
  );
  const contexts = new Map(rows.map(({ name, context }) => [name.toLowerCase(), context]));
  return settings.flatMap(({ role, name, value, database: of }) => {
    const context = contexts.get(name.toLowerCase()) ?? (name.includes('.') ? 'user' : undefined);
    if (name.toLowerCase().startsWith('taishang_sandbox.')) return [];
    if (context === undefined || (onlyOwn && context !== 'user')) {
      const reason = context === undefined ? 'this server does not know it' : 'only a superuser may set it';
      say(`setting ${name} of ${JSON.stringify(of ?? role ?? 'everybody')} was left out: ${reason}`);
      return [];
    }
    const inDatabase = database === undefined ? '' : ` IN DATABASE ${identifier(database)}`;
    const subject =
      role === null && database !== undefined
        ? `DATABASE ${identifier(database)}`
        : `ROLE ${role === null ? 'ALL' : identifier(role)}${inDatabase}`;
    return [`ALTER ${subject} ${setClause(name, value)}`];
  });
}
