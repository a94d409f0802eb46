import type { Db, Document, MongoClient } from 'mongodb';
import { userName } from './connection.ts';

/** The server's own databases. */
const systemDatabases = new Set(['admin', 'local', 'config']);

/** Databases that a restore beside the live data has made end in this. */
export const restoreSuffix = '_restore';

/** A collection as it can be made anew. */
export interface CollectionDescription {
  readonly name: string;
  /** `view` has no documents of its own. */
  readonly type: string;
  readonly options: Document;
  /** Without the index on `_id`, which every collection has. */
  readonly indexes: readonly Document[];
}

/** Names of the databases that people made, sorted; without those of a restore beside them. */
export async function userDatabases(client: MongoClient): Promise<readonly string[]> {
  const { databases } = await client.db('admin').admin().listDatabases({ nameOnly: true });
  return databases
    .map(({ name }) => name)
    .filter((name) => !systemDatabases.has(name) && !name.endsWith(restoreSuffix))
    .toSorted();
}

/** Collections of the database by name. What differs from server to server without a meaning is left out. */
export async function readCatalogue(database: Db): Promise<readonly CollectionDescription[]> {
  const collections = await database.listCollections().toArray();
  const described = collections
    .filter(({ name }) => !name.startsWith('system.'))
    .toSorted((left, right) => (left.name < right.name ? -1 : 1));
  return Promise.all(
    described.map(async ({ name, type = 'collection', ...rest }) => ({
      name,
      type,
      options: ('options' in rest ? rest.options : undefined) ?? {},
      indexes: type === 'view' ? [] : await readIndexes(database, name),
    })),
  );
}

async function readIndexes(database: Db, name: string): Promise<readonly Document[]> {
  const indexes = await database.collection(name).listIndexes().toArray();
  return indexes
    .filter((index) => index.name !== '_id_')
    .map(({ v: _version, ns: _namespace, ...index }) => index)
    .toSorted((left, right) => (left.name < right.name ? -1 : 1));
}

/** Users beside the stack's own, and roles beside the built-in ones. */
export interface Principals {
  readonly users: readonly Document[];
  readonly roles: readonly Document[];
}

/**
 * Users and roles of every database. `withCredentials` adds the salted hashes of the passwords.
 * `usersInfo` is asked database by database: the stand-in answers `forAllDBs` with nothing.
 */
export async function readPrincipals(client: MongoClient, withCredentials: boolean): Promise<Principals> {
  const { databases } = await client.db('admin').admin().listDatabases({ nameOnly: true });
  const known = await client.db('admin').collection('system.users').distinct('db');
  const names = [...new Set(['admin', ...databases.map(({ name }) => name), ...known.map(String)])].toSorted();
  const users: Document[] = [];
  const roles: Document[] = [];
  for (const name of names) {
    const found = await client.db(name).command({ usersInfo: 1, showCredentials: withCredentials });
    users.push(...(found.users as Document[]).filter(({ user, db }) => !(user === userName && db === 'admin')));
    const { roles: own } = await client.db(name).command({ rolesInfo: 1, showPrivileges: true });
    roles.push(...(own as Document[]));
  }
  return {
    users: users.map(({ user, db, roles: granted, customData, mechanisms, credentials }) => ({
      user,
      db,
      roles: granted,
      ...(customData === undefined ? {} : { customData }),
      ...(mechanisms === undefined ? {} : { mechanisms }),
      ...(withCredentials ? { credentials } : {}),
    })),
    roles: roles
      .filter(({ isBuiltin }) => isBuiltin !== true)
      .map(({ role, db, privileges, roles: inherited }) => ({ role, db, privileges, roles: inherited })),
  };
}
