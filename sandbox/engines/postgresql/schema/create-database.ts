import type { Client } from 'pg';
import type { Say } from '../../contract/backup.ts';
import { inOneTransaction } from '../backup/catalogue/apply-content.ts';
import type { CataloguedDatabase, Setting } from '../backup/catalogue/catalogue.ts';
import { readServer } from '../backup/catalogue/read-catalogue.ts';
import { changeRights } from '../backup/catalogue/rights.ts';
import { settingStatements } from '../backup/restore/restore-roles.ts';
import { identifier, literal } from '../server/statements.ts';

const providers = { c: 'libc', i: 'icu', b: 'builtin' } as const;

/** Makes an empty database with the encoding and the locale of another, which nothing else can give it later. */
export async function createDatabase(
  client: Client,
  { encoding, localeProvider, collate, ctype, locale, icuRules }: CataloguedDatabase,
  { name, owner, tablespace }: { readonly name: string; readonly owner: string; readonly tablespace?: string },
): Promise<void> {
  const options = [
    `OWNER ${identifier(owner)}`,
    `ENCODING ${literal(encoding)}`,
    `LOCALE_PROVIDER ${providers[localeProvider]}`,
    `LC_COLLATE ${literal(collate)}`,
    `LC_CTYPE ${literal(ctype)}`,
    ...(locale === null ? [] : [`${localeProvider === 'i' ? 'ICU_LOCALE' : 'BUILTIN_LOCALE'} ${literal(locale)}`]),
    ...(icuRules === null ? [] : [`ICU_RULES ${literal(icuRules)}`]),
    ...(tablespace === undefined ? [] : [`TABLESPACE ${identifier(tablespace)}`]),
  ];
  await client.query(`CREATE DATABASE ${identifier(name)} TEMPLATE template0 ${options.join(' ')}`);
}

/** Owner, rights, settings, comment and limits of a database. `onlyOwn`: without settings that only a superuser may make. */
export async function applyProperties(
  client: Client,
  database: CataloguedDatabase,
  {
    name,
    settings,
    onlyOwn,
    say,
  }: {
    readonly name: string;
    readonly settings: readonly Setting[];
    readonly onlyOwn: boolean;
    readonly say: Say;
  },
): Promise<void> {
  const target = identifier(name);
  await client.query(`ALTER DATABASE ${target} OWNER TO ${identifier(database.owner)}`);
  const [found] = (await readServer(client, [name])).databases;
  const { byOwner, byOthers } = changeRights(`DATABASE ${target}`, {
    current: found?.rights ?? [],
    wanted: database.rights,
    owner: database.owner,
  });
  const own = settings.filter((setting) => setting.database === database.name);
  await inOneTransaction(client, [
    ...byOwner,
    `COMMENT ON DATABASE ${target} IS ${literal(database.comment)}`,
    ...(await settingStatements(client, own, say, { onlyOwn, database: name })),
    `ALTER DATABASE ${target} CONNECTION LIMIT ${database.connectionLimit}`,
    `ALTER DATABASE ${target} IS_TEMPLATE ${database.isTemplate}`,
  ]);
  for (const { grantor, statement } of byOthers) {
    await client
      .query(`SET ROLE ${identifier(grantor)}; ${statement}; RESET ROLE`)
      // He granted it once, and cannot any more: it counts all the same.
      .catch(() => client.query(statement));
  }
  // Last: nobody comes in any more.
  await client.query(`ALTER DATABASE ${target} ALLOW_CONNECTIONS ${database.allowConnections}`);
}
