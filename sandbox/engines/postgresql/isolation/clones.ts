import { Pool, type PoolClient } from 'pg';
import { runConcurrently } from '../../../core/run-concurrently.ts';
import { firstNode, type RunningEngine } from '../../contract/topology.ts';
import { inOneTransaction } from '../backup/catalogue/apply-content.ts';
import type { DatabaseName } from '../server/connection.ts';
import { identifier } from '../server/statements.ts';
import { ownConnections } from './capacity.ts';
import { dropDatabase, freeDatabase } from './drop-databases.ts';
import { type PlaceLogin, resetLoginStatements } from './login.ts';
import { databaseOfPlace, leavingDatabase } from './marks.ts';
import { type Outside, outsideStatements } from './outside.ts';
import type { Template } from './templates.ts';

/** What a database of a place is made from. */
export interface Source {
  readonly template: Template;
  readonly outside: Outside;
}

/** What the databases of all places are made with. */
export interface Cloning {
  readonly running: RunningEngine;
  readonly administrators: Pool;
  readonly sources: ReadonlyMap<DatabaseName, Source>;
}

/** The databases of one place. */
export interface Clones {
  readonly login: PlaceLogin;
  /** Databases that are there, or under way. */
  readonly made: Map<DatabaseName, Promise<void>>;
  /** The end of those of the last test. */
  leaving: Promise<unknown>;
}

export function sourceNamed({ sources }: Pick<Cloning, 'sources'>, database: DatabaseName): Source {
  const source = sources.get(database);
  if (source === undefined) throw new Error(`there is no template of ${database}`);
  return source;
}

/** Makes a database of a place, unless it is there or under way. */
export async function makeDatabase(cloning: Cloning, { login, made }: Clones, database: DatabaseName): Promise<void> {
  const making =
    made.get(database) ??
    withClient(cloning.administrators, (client) => clone(client, login, sourceNamed(cloning, database)));
  made.set(database, making);
  await making.catch((thrown) => {
    made.delete(database);
    throw thrown;
  });
}

/**
 * Moves the databases of a test out of the way. To drop one, the server writes everything to disk that it has in memory
 * (PostgreSQL's `dropdb()` asks for a checkpoint), which the next test does not wait for.
 */
export async function moveAway({ running, administrators }: Cloning, place: Clones): Promise<void> {
  const { login, made } = place;
  await Promise.allSettled([place.leaving, ...made.values()]);
  const names = [...made.keys()].map((database) => databaseOfPlace(login.role, database));
  const gone = names.map((name) => ({ name, away: leavingDatabase(name) }));
  await withClient(administrators, async (client) => {
    for (const { name } of gone) await freeDatabase(running, client, name);
    const renames = gone.map(({ name, away }) => `ALTER DATABASE ${identifier(name)} RENAME TO ${identifier(away)}`);
    await inOneTransaction(client, [...renames, ...resetLoginStatements(login)]);
  });
  made.clear();
  place.leaving = runConcurrently(gone, ({ away }) =>
    withClient(administrators, (client) => dropDatabase(running, client, away)),
  );
  // What could not be dropped is tried again, and told, when the place goes.
  place.leaving.catch(() => {});
}

async function clone(client: PoolClient, { role }: PlaceLogin, { template, outside }: Source): Promise<void> {
  const name = databaseOfPlace(role, template.database);
  const owner = identifier(outside.catalogued.owner);
  await client.query(
    `CREATE DATABASE ${identifier(name)} TEMPLATE ${identifier(template.name)} STRATEGY WAL_LOG OWNER ${owner}`,
  );
  await inOneTransaction(client, outsideStatements(name, outside, role));
}

/**
 * The superuser's connections. Nothing of what they send is logged: it has verifiers of passwords in it. Roles and rights
 * wait for no disk: CREATE DATABASE does, and what was written to the log before it is there with it.
 */
export function openAdministrators(running: RunningEngine): Pool {
  const { host, port } = firstNode(running);
  const pool = new Pool({
    host,
    port,
    database: 'postgres',
    user: 'postgres',
    password: running.secrets.postgres ?? '',
    max: ownConnections - 1,
    application_name: 'taishang-sandbox',
    options:
      '-c log_statement=none -c log_min_duration_statement=-1 -c log_min_error_statement=panic -c search_path= ' +
      '-c synchronous_commit=off',
  });
  pool.on('error', () => {});
  return pool;
}

export async function withClient<Value>(pool: Pool, work: (client: PoolClient) => Promise<Value>): Promise<Value> {
  const client = await pool.connect();
  try {
    return await work(client);
  } finally {
    client.release();
  }
}
