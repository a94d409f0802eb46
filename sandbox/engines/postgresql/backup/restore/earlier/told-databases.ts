import type { CataloguedDatabase, Right } from '../../catalogue/catalogue.ts';
import type { Reader } from '../../catalogue/sql-tokens.ts';
import { type Changeable, known, type Told } from './told.ts';
import { readValue, settingOf } from './told-settings.ts';

/** What a database is where its script says nothing else. */
export const usualDatabase = {
  owner: 'postgres',
  encoding: 'UTF8',
  localeProvider: 'c',
  collate: 'C',
  ctype: 'C',
  locale: null,
  icuRules: null,
  tablespace: 'pg_default',
  connectionLimit: -1,
  isTemplate: false,
  allowConnections: true,
  comment: null,
  rights: [],
} as const;

export function readDatabase(told: Told, reader: Reader): void {
  const name = reader.name();
  reader.expect('WITH', 'TEMPLATE');
  const database: Changeable<CataloguedDatabase> = {
    name,
    file: null,
    sizeBytes: 0,
    ...usualDatabase,
  };
  reader.sign('=');
  reader.name();
  while (!reader.isAtEnd()) readDatabaseOption(database, reader);
  told.databases.set(name, database);
}

function readDatabaseOption(database: Changeable<CataloguedDatabase>, reader: Reader): void {
  const option = reader.word() + (reader.takes('LIMIT') ? ' LIMIT' : '');
  if (!reader.sign('=')) throw reader.wrong('=');
  if (option === 'CONNECTION LIMIT') database.connectionLimit = reader.number();
  else if (option === 'TABLESPACE') database.tablespace = reader.name();
  else if (option === 'LOCALE_PROVIDER') {
    const provider = ({ LIBC: 'c', ICU: 'i', BUILTIN: 'b' } as const)[reader.word()];
    if (provider === undefined) throw reader.wrong('a provider of locales');
    else database.localeProvider = provider;
  } else if (option === 'LOCALE') {
    database.collate = reader.text();
    database.ctype = database.collate;
  } else if (option === 'LC_COLLATE') database.collate = reader.text();
  else if (option === 'LC_CTYPE') database.ctype = reader.text();
  else if (option === 'ENCODING') database.encoding = reader.text();
  else if (option === 'ICU_LOCALE' || option === 'BUILTIN_LOCALE') database.locale = reader.text();
  else if (option === 'ICU_RULES') database.icuRules = reader.text();
  else if (option === 'COLLATION_VERSION') reader.text();
  else if (option === 'IS_TEMPLATE') database.isTemplate = reader.word() === 'TRUE';
  else if (option === 'ALLOW_CONNECTIONS') database.allowConnections = reader.word() === 'TRUE';
  else throw reader.wrong('an option of a database');
}

export function readDatabaseChange(told: Told, reader: Reader): void {
  const database = known(told.databases, reader.name(), reader);
  if (reader.takes('SET')) {
    told.settings.push(settingOf(reader, { database: database.name, role: null }));
  } else if (reader.takes('OWNER', 'TO')) {
    database.owner = reader.name();
    database.rights = defaultRights(database.owner);
  } else readDatabaseOption(database, reader);
}

/** PostgreSQL documentation, "Privileges". */
function defaultRights(owner: string): readonly Right[] {
  const right = (grantee: string | null, privilege: string) => ({
    grantor: owner,
    grantee,
    privilege,
    grantable: false,
  });
  return [
    right(null, 'CONNECT'),
    right(null, 'TEMPORARY'),
    ...['CREATE', 'TEMPORARY', 'CONNECT'].map((privilege) => right(owner, privilege)),
  ];
}

export function readExtension(told: Told, reader: Reader): void {
  const name = reader.name();
  reader.expect('WITH', 'SCHEMA');
  told.extensions.push({ name, version: '', schema: reader.name(), comment: null });
}

export function readTablespace(told: Told, reader: Reader): void {
  const name = reader.name();
  reader.expect('OWNER');
  const owner = reader.name();
  reader.expect('LOCATION');
  reader.text();
  const rights = [{ grantor: owner, grantee: owner, privilege: 'CREATE', grantable: false }];
  told.tablespaces.set(name, { name, owner, comment: null, options: [], rights });
}

export function readTablespaceOptions(told: Told, reader: Reader): void {
  const tablespace = known(told.tablespaces, reader.name(), reader);
  reader.expect('SET');
  if (!reader.sign('(')) throw reader.wrong('(');
  const options: { name: string; value: string }[] = [];
  do {
    const name = reader.name();
    if (!reader.sign('=')) throw reader.wrong('=');
    options.push({ name, value: readValue(reader) });
  } while (reader.sign(','));
  if (!reader.sign(')')) throw reader.wrong(')');
  tablespace.options = options;
}
