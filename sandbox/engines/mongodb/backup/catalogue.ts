import type { Db, MongoClient } from 'mongodb';
import { isPlaceName } from '../../shared/isolation/place-names.ts';
import { userName } from '../server/connection.ts';
import { documentIn, documentOf, elementsOf, sortedWithout, textOf } from './export/bson-bytes.ts';
import { hasMark, markCollection } from './restored-databases.ts';

/** Databases that are the server's, whatever is in them: `local` is of one member, `config` of the cluster. */
export const serverDatabases: readonly string[] = ['config', 'local'];

/** A collection as it can be made anew. Bytes, since the order of names counts: in a key of an index, in a validator. */
export interface CollectionDescription {
  readonly name: string;
  /** `view` has no documents of its own. */
  readonly type: string;
  /** A document of BSON. */
  readonly options: Buffer;
  /** Documents of BSON, by name; without the index on `_id`, which every collection has. */
  readonly indexes: readonly Buffer[];
}

/**
 * Names of the databases that people have made something in, sorted; without those that a restore beside the live data
 * has made, and those that tests are given.
 */
export async function userDatabases(client: MongoClient): Promise<readonly string[]> {
  const found: string[] = [];
  for (const name of await databaseNames(client)) {
    if (serverDatabases.includes(name) || isPlaceName(name) || (await hasMark(client, name))) continue;
    if (name !== 'admin' || (await userCollections(client.db(name))).length > 0) found.push(name);
  }
  return found;
}

/** Names of all databases, sorted. */
export async function databaseNames(client: MongoClient): Promise<readonly string[]> {
  const { databases } = await client.db('admin').admin().listDatabases({ nameOnly: true });
  return databases.map(({ name }) => name).toSorted();
}

/** Collections of the database by name. What differs from server to server without a meaning is left out. */
export async function readCatalogue(database: Db): Promise<readonly CollectionDescription[]> {
  const collections = await userCollections(database);
  return Promise.all(
    collections.map(async (collection) => {
      const name = textOf(collection, 'name') ?? '';
      const type = textOf(collection, 'type') ?? 'collection';
      const options = sortedWithout(documentIn(collection, 'options'), []);
      return { name, type, options, indexes: type === 'view' ? [] : await readIndexes(database, name) };
    }),
  );
}

/** As the server lists them, by name. Its own are left out, but not `system.js`, which holds functions of people. */
async function userCollections(database: Db): Promise<readonly Buffer[]> {
  const found = await rawList(database.listCollections({}, { raw: true }));
  return found.filter((each) => !isServersOwn(nameOf(each))).toSorted(byName);
}

/** A collection of the server's, or a mark of ours. */
function isServersOwn(name: string): boolean {
  return name === markCollection || (name.startsWith('system.') && name !== 'system.js');
}

async function readIndexes(database: Db, name: string): Promise<readonly Buffer[]> {
  const indexes = await rawList(database.collection(name).listIndexes({ raw: true }));
  return indexes
    .map((index) => sortedWithout(index, ['v', 'ns']))
    .filter((index) => nameOf(index) !== '_id_')
    .toSorted(byName);
}

/** Users beside the stack's own and those of places, and roles beside the built-in ones, as documents of BSON. */
export interface Principals {
  readonly users: readonly Buffer[];
  readonly roles: readonly Buffer[];
}

const userFields = ['user', 'db', 'roles', 'customData', 'mechanisms'];
const roleFields = ['role', 'db', 'privileges', 'roles'];

/**
 * Users and roles of every database. `withCredentials` adds the salted hashes of the passwords.
 * `usersInfo` is asked database by database: the stand-in answers `forAllDBs` with nothing.
 */
export async function readPrincipals(client: MongoClient, withCredentials: boolean): Promise<Principals> {
  const known = await client.db('admin').collection('system.users').distinct('db');
  const names = [...new Set(['admin', ...(await databaseNames(client)), ...known.map(String)])].toSorted();
  const users: Buffer[] = [];
  const roles: Buffer[] = [];
  for (const name of names) {
    const database = client.db(name);
    const found = await database.command({ usersInfo: 1, showCredentials: withCredentials }, { raw: true });
    users.push(...buffersOf(found.users));
    const own = await database.command({ rolesInfo: 1, showPrivileges: true }, { raw: true });
    roles.push(...buffersOf(own.roles));
  }
  const fields = withCredentials ? [...userFields, 'credentials'] : userFields;
  return {
    users: users.filter((user) => !isOwnUser(user)).map((user) => only(user, fields)),
    roles: roles.filter((role) => !isBuiltIn(role)).map((role) => only(role, roleFields)),
  };
}

function isOwnUser(user: Buffer): boolean {
  const name = textOf(user, 'user') ?? '';
  return textOf(user, 'db') === 'admin' && (name === userName || isPlaceName(name));
}

function isBuiltIn(role: Buffer): boolean {
  return elementsOf(role).some(({ name, value }) => name === 'isBuiltin' && value[0] === 1);
}

/** The named fields, in the order of the names. */
function only(document: Buffer, fields: readonly string[]): Buffer {
  const elements = elementsOf(document);
  return documentOf(fields.flatMap((field) => elements.filter(({ name }) => name === field)));
}

/** Documents of a cursor with `raw`: the driver's types tell of objects. */
async function rawList(cursor: { toArray(): Promise<readonly unknown[]> }): Promise<readonly Buffer[]> {
  return buffersOf(await cursor.toArray());
}

/** Documents of an array in an answer with `raw`. */
function buffersOf(documents: unknown): readonly Buffer[] {
  return (documents as readonly Uint8Array[]).map((bytes) => Buffer.from(bytes));
}

function nameOf(document: Buffer): string {
  return textOf(document, 'name') ?? '';
}

function byName(left: Buffer, right: Buffer): number {
  return Buffer.compare(Buffer.from(nameOf(left)), Buffer.from(nameOf(right)));
}
