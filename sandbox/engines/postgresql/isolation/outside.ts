import type { Client } from 'pg';
import type { CataloguedDatabase, Right, Setting } from '../backup/catalogue/catalogue.ts';
import { query } from '../backup/catalogue/described-databases.ts';
import { readServer } from '../backup/catalogue/read-catalogue.ts';
import { changeRights } from '../backup/catalogue/rights.ts';
import { type DatabaseName, databases, workingRoles } from '../server/connection.ts';
import { identifier, literal, setClause } from '../server/statements.ts';

/** What a database is like from outside, which a clone does not take over (PostgreSQL documentation, "Template Databases"). */
export interface Outside {
  readonly catalogued: CataloguedDatabase;
  /** Rights that any database of this owner has before one is given or taken. */
  readonly initialRights: readonly Right[];
  /** Settings of the database, of roles in it, and of the role that applications have there. */
  readonly settings: readonly Setting[];
}

/** Of those of the platform's databases that are there. `client` is connected to `postgres`. */
export async function readOutsides(client: Client): Promise<ReadonlyMap<string, Outside>> {
  const server = await readServer(client, databases);
  const { rows } = await client.query<{ database: string; rights: readonly Right[] }>(
    await query('outside-of-databases.sql'),
    [[...databases]],
  );
  const initial = new Map(rows.map(({ database, rights }) => [database, rights]));
  return new Map(
    server.databases.map((catalogued) => {
      const role = workingRoles[catalogued.name as DatabaseName];
      const settings = server.settings.filter(
        (setting) => setting.database === catalogued.name || (setting.database === null && setting.role === role),
      );
      return [catalogued.name, { catalogued, initialRights: initial.get(catalogued.name) ?? [], settings }];
    }),
  );
}

/** Makes a clone from outside what its original is, and opens it to the place's own role, which then works as the original's. */
export function outsideStatements(clone: string, original: Outside, place: string): readonly string[] {
  const { catalogued, initialRights } = original;
  const target = `DATABASE ${identifier(clone)}`;
  const { byOwner, byOthers } = changeRights(target, {
    current: initialRights,
    wanted: catalogued.rights,
    owner: catalogued.owner,
  });
  return [
    ...byOwner,
    ...byOthers.flatMap(({ grantor, statement }) => [`SET ROLE ${identifier(grantor)}`, statement, 'RESET ROLE']),
    ...(catalogued.comment === null ? [] : [`COMMENT ON ${target} IS ${literal(catalogued.comment)}`]),
    ...(catalogued.connectionLimit < 0 ? [] : [`ALTER ${target} CONNECTION LIMIT ${catalogued.connectionLimit}`]),
    ...(catalogued.isTemplate ? [`ALTER ${target} IS_TEMPLATE true`] : []),
    ...original.settings.flatMap((setting) => settingStatements(clone, catalogued, setting, place)),
    `GRANT CONNECT ON ${target} TO ${identifier(place)}`,
    `ALTER ROLE ${identifier(place)} IN ${target} ${setClause('role', workingRole(catalogued))}`,
  ];
}

function workingRole({ name }: CataloguedDatabase): string {
  return workingRoles[name as DatabaseName];
}

/** A setting of the role that applications have counts where it logs in: here another one does in its place. */
function settingStatements(
  clone: string,
  catalogued: CataloguedDatabase,
  { database, role, name, value }: Setting,
  place: string,
): readonly string[] {
  const inClone = ` IN DATABASE ${identifier(clone)} ${setClause(name, value)}`;
  const ofPlace = role === workingRole(catalogued) ? [`ALTER ROLE ${identifier(place)}${inClone}`] : [];
  if (database === null) return ofPlace;
  if (role === null) return [`ALTER DATABASE ${identifier(clone)} ${setClause(name, value)}`];
  return [`ALTER ROLE ${identifier(role)}${inClone}`, ...ofPlace];
}
