import { Pool, type PoolClient } from 'pg';
import { AsyncDisposableStack } from '../../../core/disposable-stack.ts';
import { runConcurrently } from '../../../core/run-concurrently.ts';
import type { IsolationOptions, Place, Places } from '../../contract/isolation.ts';
import { firstNode, type RunningEngine } from '../../contract/topology.ts';
import { placeName, stackMark } from '../../shared/isolation/place-names.ts';
import { inOneTransaction } from '../backup/catalogue/apply-content.ts';
import { openAdministration } from '../backup/restore/temporary-databases.ts';
import { gapsOfDatabase } from '../schema/schema-gaps.ts';
import { type DatabaseName, databases, mainDatabase } from '../server/connection.ts';
import { identifier } from '../server/statements.ts';
import { ownConnections, readCapacity } from './capacity.ts';
import { dropDatabase } from './drop-databases.ts';
import { createLoginStatements, newLogin, type PlaceLogin, resetLoginStatements } from './login.ts';
import { databaseOfPlace } from './marks.ts';
import { openGate } from './on-demand.ts';
import { type Outside, outsideStatements, readOutsides } from './outside.ts';
import { placeOf } from './place-address.ts';
import { dropPlace } from './sweep.ts';
import { ensureTemplates, type Template } from './templates.ts';
import { readShared, verifyPlace } from './verify-place.ts';

/** What a database of a place is made from. */
interface Source {
  readonly template: Template;
  readonly outside: Outside;
}

interface OpenPlace {
  readonly login: PlaceLogin;
  /** Databases that are there, or under way. */
  readonly made: Map<DatabaseName, Promise<void>>;
}

/**
 * Makes templates of the platform's databases as they are now, and opens the pool of their clones.
 * Throws `NOT_SUPPORTED` where the server has no connections to give.
 */
export async function openPlaces(
  running: RunningEngine,
  { owner, maximum, signal }: IsolationOptions,
): Promise<Places> {
  await using opening = new AsyncDisposableStack();
  const { client: keeper } = opening.use(await openAdministration(running));
  const capacity = await readCapacity(keeper, maximum);
  const outsides = await readOutsides(keeper);
  const originals = new Map([...outsides].map(([name, { catalogued }]) => [name, catalogued]));
  const templates = await ensureTemplates(running, keeper, originals);
  signal?.throwIfAborted();
  const shared = await readShared(keeper);
  const pool = opening.adopt(administrators(running), (each) => each.end());

  const sources = new Map(templates.map((template) => [template.database, sourceOf(template, outsides)]));
  const open = new Map<string, OpenPlace>();

  const makeDatabase = async ({ login, made }: OpenPlace, database: DatabaseName): Promise<void> => {
    const making = made.get(database) ?? withClient(pool, (client) => clone(client, login, sourceNamed(database)));
    made.set(database, making);
    await making.catch((thrown) => {
      made.delete(database);
      throw thrown;
    });
  };
  const sourceNamed = (database: DatabaseName): Source => {
    const source = sources.get(database);
    if (source === undefined) throw new Error(`there is no template of ${database}`);
    return source;
  };
  const gate = opening.use(
    await openGate(firstNode(running), async (name) => {
      for (const place of open.values()) {
        const database = databases.find((each) => databaseOfPlace(place.login.role, each) === name);
        if (database !== undefined) await makeDatabase(place, database);
      }
    }),
  );
  const dropDatabases = async ({ login, made }: OpenPlace) => {
    await runConcurrently([...made], async ([database, making]) => {
      await making.catch(() => {});
      await withClient(pool, (client) => dropDatabase(running, client, databaseOfPlace(login.role, database)));
      made.delete(database);
    });
  };
  const drop = async ({ id }: Place): Promise<void> => {
    // One that another broker has made, and that was kept, is dropped as well.
    await Promise.allSettled(open.get(id)?.made.values() ?? []);
    open.delete(id);
    await withClient(pool, (client) => dropPlace(running, client, id));
  };
  const mark = stackMark(running);
  const resources = opening.move();

  return {
    capacity,
    async make(aborted) {
      aborted?.throwIfAborted();
      const login = newLogin(placeName(mark, owner));
      const place: OpenPlace = { login, made: new Map() };
      open.set(login.role, place);
      const made = placeOf(running, login, gate.port);
      try {
        await withClient(pool, (client) => inOneTransaction(client, createLoginStatements(login)));
        await makeDatabase(place, mainDatabase);
        aborted?.throwIfAborted();
      } catch (thrown) {
        await drop(made).catch(() => {});
        throw thrown;
      }
      return made;
    },
    async reset(given) {
      const place = open.get(given.id);
      if (place === undefined) return false;
      // Whoever is still there would go on in the next test's databases: they must not have the same name.
      const isLeft = await withClient(pool, (client) => isConnected(client, given.id));
      if (isLeft) {
        await drop(given);
        return false;
      }
      await dropDatabases(place);
      await withClient(pool, (client) => inOneTransaction(client, resetLoginStatements(place.login)));
      await makeDatabase(place, mainDatabase);
      return true;
    },
    async verify({ id }) {
      const place = open.get(id);
      if (place === undefined) return [`${id}: it is not there`];
      await Promise.all(place.made.values());
      const placeSources = [...place.made.keys()].map(sourceNamed);
      return verifyPlace(running, keeper, { login: place.login, sources: placeSources, shared });
    },
    async schemaGaps({ id }) {
      const place = open.get(id);
      if (place === undefined) throw new Error(`${id}: it is not there`);
      const gaps = await runConcurrently([...place.made], async ([database, making]) => {
        await making;
        return gapsOfDatabase(running, database, databaseOfPlace(id, database));
      });
      return gaps.flat();
    },
    drop,
    async keep(given) {
      const place = open.get(given.id);
      if (place === undefined) return given;
      // Nobody makes a database when it is connected to once the gate is gone.
      for (const database of databases) await makeDatabase(place, database);
      return placeOf(running, place.login, firstNode(running).port);
    },
    [Symbol.asyncDispose]: () => resources[Symbol.asyncDispose](),
  };
}

function sourceOf(template: Template, outsides: ReadonlyMap<string, Outside>): Source {
  const outside = outsides.get(template.database);
  if (outside === undefined) throw new Error(`there is no database ${template.database}`);
  return { template, outside };
}

async function clone(client: PoolClient, { role }: PlaceLogin, { template, outside }: Source): Promise<void> {
  const name = databaseOfPlace(role, template.database);
  const owner = identifier(outside.catalogued.owner);
  await client.query(
    `CREATE DATABASE ${identifier(name)} TEMPLATE ${identifier(template.name)} STRATEGY WAL_LOG OWNER ${owner}`,
  );
  await inOneTransaction(client, outsideStatements(name, outside, role));
}

async function isConnected(client: PoolClient, role: string): Promise<boolean> {
  const { rows } = await client.query('SELECT FROM pg_stat_activity WHERE usename = $1 LIMIT 1', [role]);
  return rows.length > 0;
}

/**
 * The superuser's connections. Nothing of what they send is logged: it has verifiers of passwords in it. Roles and rights
 * wait for no disk: CREATE DATABASE does, and what was written to the log before it is there with it.
 */
function administrators(running: RunningEngine): Pool {
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

async function withClient<Value>(pool: Pool, work: (client: PoolClient) => Promise<Value>): Promise<Value> {
  const client = await pool.connect();
  try {
    return await work(client);
  } finally {
    client.release();
  }
}
