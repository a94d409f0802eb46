import type {
  CataloguedDatabase,
  CataloguedRole,
  Extension,
  Membership,
  Right,
  Setting,
  Tablespace,
} from '../catalogue/catalogue.ts';
import { type Reader, readerOf, statementsOf } from '../catalogue/sql-tokens.ts';

type Changeable<Value> = { -readonly [Name in keyof Value]: Value[Name] };

/** What the scripts of a backup of the first release say, as far as they were read. */
export interface Told {
  readonly roles: Map<string, Changeable<CataloguedRole>>;
  readonly memberships: Membership[];
  readonly settings: Setting[];
  readonly tablespaces: Map<string, Changeable<Tablespace>>;
  readonly parameters: Map<string, Right[]>;
  readonly databases: Map<string, Changeable<CataloguedDatabase>>;
  readonly extensions: Extension[];
}

export const nothingTold = (): Told => ({
  roles: new Map(),
  memberships: [],
  settings: [],
  tablespaces: new Map(),
  parameters: new Map(),
  databases: new Map(),
  extensions: [],
});

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

/** Of the session that the tool wrote for: nothing of it counts here. */
function readSessionSetting(reader: Reader): void {
  reader.name();
  if (!reader.sign('=')) throw reader.wrong('=');
  readValue(reader);
}

function readSearchPath(reader: Reader): void {
  reader.sign('.');
  reader.expect('SET_CONFIG');
  reader.sign('(');
  reader.text();
  reader.sign(',');
  reader.text();
  reader.sign(',');
  reader.expect('FALSE');
  reader.sign(')');
}

function readNewRole(told: Told, reader: Reader): void {
  const name = reader.name();
  const off = { superuser: false, inherit: true, createRole: false, createDatabase: false, login: false };
  const rest = {
    replication: false,
    bypassRls: false,
    connectionLimit: -1,
    password: null,
    validUntil: null,
    comment: null,
  };
  told.roles.set(name, { name, ...off, ...rest });
}

const attributes = {
  SUPERUSER: 'superuser',
  INHERIT: 'inherit',
  CREATEROLE: 'createRole',
  CREATEDB: 'createDatabase',
  LOGIN: 'login',
  REPLICATION: 'replication',
  BYPASSRLS: 'bypassRls',
} as const;

function readRole(told: Told, reader: Reader): void {
  const name = reader.takes('ALL') ? null : reader.name();
  const database = reader.takes('IN', 'DATABASE') ? reader.name() : null;
  if (reader.takes('SET')) {
    told.settings.push(settingOf(reader, { database, role: name }));
    return;
  }
  reader.expect('WITH');
  const role = known(told.roles, name ?? '', reader);
  while (!reader.isAtEnd()) {
    if (reader.takes('CONNECTION', 'LIMIT')) role.connectionLimit = reader.number();
    else if (reader.takes('PASSWORD')) role.password = reader.text();
    else if (reader.takes('VALID', 'UNTIL')) role.validUntil = reader.text();
    else {
      const word = reader.word();
      const isOff = word.startsWith('NO') && word.slice(2) in attributes;
      const attribute = attributes[(isOff ? word.slice(2) : word) as keyof typeof attributes];
      if (attribute === undefined) throw reader.wrong('an attribute of a role');
      else role[attribute] = !isOff;
    }
  }
}

function settingOf(reader: Reader, of: Pick<Setting, 'database' | 'role'>): Setting {
  const name = reader.name();
  reader.expect('TO');
  const values = [readValue(reader)];
  while (reader.sign(',')) values.push(readValue(reader));
  // One value stands as it is; a list is kept as the server keeps it.
  const value = values.length === 1 ? values[0] : values.map((each) => `"${each.replaceAll('"', '""')}"`).join(', ');
  return { ...of, name, value: value ?? '' };
}

function readValue(reader: Reader): string {
  for (const read of [reader.text, reader.word, () => String(reader.number())]) {
    try {
      return read();
    } catch {
      // It is of another kind.
    }
  }
  throw reader.wrong('a value');
}

function readTablespace(told: Told, reader: Reader): void {
  const name = reader.name();
  reader.expect('OWNER');
  const owner = reader.name();
  reader.expect('LOCATION');
  reader.text();
  const rights = [{ grantor: owner, grantee: owner, privilege: 'CREATE', grantable: false }];
  told.tablespaces.set(name, { name, owner, comment: null, options: [], rights });
}

function readTablespaceOptions(told: Told, reader: Reader): void {
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

function readDatabase(told: Told, reader: Reader): void {
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

function readDatabaseChange(told: Told, reader: Reader): void {
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

function readExtension(told: Told, reader: Reader): void {
  const name = reader.name();
  reader.expect('WITH', 'SCHEMA');
  told.extensions.push({ name, version: '', schema: reader.name(), comment: null });
}

function readComment(told: Told, reader: Reader): void {
  const kind = reader.word();
  const things = { ROLE: told.roles, DATABASE: told.databases, TABLESPACE: told.tablespaces }[kind];
  if (things === undefined) throw reader.wrong('ROLE, DATABASE or TABLESPACE');
  const thing: { comment: string | null } = known<{ comment: string | null }>(things, reader.name(), reader);
  reader.expect('IS');
  thing.comment = reader.text();
}

function readGrant(told: Told, reader: Reader): void {
  const first = reader.name();
  if (reader.takes('TO')) {
    readMembership(told, reader, first);
    return;
  }
  const change = readRights(told, reader, first, 'TO');
  const grantable = reader.takes('WITH', 'GRANT', 'OPTION');
  change.set([
    ...change.rights,
    ...change.privileges.map((privilege) => ({ grantor: change.owner, grantee: change.grantee, privilege, grantable })),
  ]);
}

function readRevoke(told: Told, reader: Reader): void {
  const change = readRights(told, reader, reader.name(), 'FROM');
  change.set(
    change.rights.filter(
      ({ grantee, privilege }) => grantee !== change.grantee || !change.privileges.includes(privilege),
    ),
  );
}

function readMembership(told: Told, reader: Reader, role: string): void {
  const member = reader.name();
  let [admin, inherit, set] = [false, null as boolean | null, true];
  if (reader.takes('WITH')) {
    do {
      const option = reader.word();
      const value = ['OPTION', 'TRUE'].includes(reader.word());
      if (option === 'ADMIN') admin = value;
      else if (option === 'INHERIT') inherit = value;
      else if (option === 'SET') set = value;
      else throw reader.wrong('an option of a membership');
    } while (reader.sign(','));
  }
  const grantor = reader.takes('GRANTED', 'BY') ? reader.name() : 'postgres';
  told.memberships.push({ role, member, grantor, admin, inherit, set });
}

const privilegesOf = {
  DATABASE: ['CREATE', 'TEMPORARY', 'CONNECT'],
  TABLESPACE: ['CREATE'],
  PARAMETER: ['SET', 'ALTER SYSTEM'],
};

function readRights(told: Told, reader: Reader, first: string, direction: 'TO' | 'FROM') {
  const named = [first.toUpperCase() + (reader.takes('SYSTEM') ? ' SYSTEM' : '')];
  while (reader.sign(',')) named.push(reader.word() + (reader.takes('SYSTEM') ? ' SYSTEM' : ''));
  reader.expect('ON');
  const kind = reader.word();
  const all = privilegesOf[kind as keyof typeof privilegesOf];
  if (all === undefined) throw reader.wrong('DATABASE, TABLESPACE or PARAMETER');
  const name = reader.name();
  const { owner, rights, set } = rightsOf(told, reader, kind, name);
  reader.expect(direction);
  const grantee = reader.takes('PUBLIC') ? null : reader.name();
  const privileges = named.includes('ALL') ? all : named;
  if (!privileges.every((privilege) => all.includes(privilege))) throw reader.wrong('a privilege');
  return { owner, rights, set, grantee, privileges };
}

function rightsOf(told: Told, reader: Reader, kind: string, name: string) {
  if (kind === 'PARAMETER') {
    const set = (rights: readonly Right[]) => void told.parameters.set(name, [...rights]);
    return { owner: 'postgres', rights: told.parameters.get(name) ?? [], set };
  }
  const thing: Changeable<CataloguedDatabase> | Changeable<Tablespace> =
    kind === 'DATABASE' ? known(told.databases, name, reader) : known(told.tablespaces, name, reader);
  const set = (rights: readonly Right[]) => {
    thing.rights = rights;
  };
  return { owner: thing.owner, rights: thing.rights, set };
}

function known<Value>(values: ReadonlyMap<string, Value>, name: string, reader: Reader): Value {
  const value = values.get(name);
  if (value === undefined) throw reader.wrong(`something that was created, not ${name},`);
  return value;
}
