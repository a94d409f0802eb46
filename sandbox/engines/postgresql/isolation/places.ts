import type { Client, PoolClient } from 'pg';
import { AsyncDisposableStack } from '../../../core/disposable-stack.ts';
import { runConcurrently } from '../../../core/run-concurrently.ts';
import type { IsolationOptions, Place, Places } from '../../contract/isolation.ts';
import type { SchemaGap } from '../../contract/schema/schema-gap.ts';
import { firstNode, type RunningEngine } from '../../contract/topology.ts';
import { placeName, stackMark } from '../../shared/isolation/place-names.ts';
import { inOneTransaction } from '../backup/catalogue/apply-content.ts';
import { openAdministration } from '../backup/restore/temporary-databases.ts';
import { gapsOfDatabase } from '../schema/schema-gaps.ts';
import { databases, mainDatabase } from '../server/connection.ts';
import { readCapacity } from './capacity.ts';
import {
  type Clones,
  type Cloning,
  makeDatabase,
  moveAway,
  openAdministrators,
  type Source,
  sourceNamed,
  withClient,
} from './clones.ts';
import type { Content } from './content.ts';
import { createLoginStatements, newLogin } from './login.ts';
import { databaseOfPlace } from './marks.ts';
import { openGate } from './on-demand.ts';
import { type Outside, readOutsides } from './outside.ts';
import { placeOf } from './place-address.ts';
import { dropPlace } from './sweep.ts';
import { ensureTemplates, type Template } from './templates.ts';
import { readShared, verifyPlace } from './verify-place.ts';

interface PlacePool extends Cloning {
  /** Looks at the server. */
  readonly keeper: Client;
  /** What all places share, before the first test. */
  readonly shared: Content;
  readonly open: Map<string, Clones>;
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
  const administrators = opening.adopt(openAdministrators(running), (each) => each.end());
  const sources = new Map(templates.map((template) => [template.database, sourceOf(template, outsides)]));
  const pool: PlacePool = { running, keeper, shared, administrators, sources, open: new Map() };
  const gate = opening.use(await openGate(firstNode(running), (name) => makeOnDemand(pool, name)));
  const mark = stackMark(running);
  const resources = opening.move();
  return {
    capacity,
    recount: () => readCapacity(keeper, maximum, [...pool.open.keys()]),
    async make(aborted) {
      aborted?.throwIfAborted();
      return make(pool, placeName(mark, owner), gate.port, aborted);
    },
    reset: (place) => reset(pool, place),
    verify: (place) => verify(pool, place),
    schemaGaps: (place) => readGaps(pool, place),
    drop: (place) => drop(pool, place),
    keep: (place) => keep(pool, place),
    [Symbol.asyncDispose]: () => resources[Symbol.asyncDispose](),
  };
}

function sourceOf(template: Template, outsides: ReadonlyMap<string, Outside>): Source {
  const outside = outsides.get(template.database);
  if (outside === undefined) throw new Error(`there is no database ${template.database}`);
  return { template, outside };
}

async function makeOnDemand(pool: PlacePool, name: string): Promise<void> {
  for (const place of pool.open.values()) {
    const database = databases.find((each) => databaseOfPlace(place.login.role, each) === name);
    if (database !== undefined) await makeDatabase(pool, place, database);
  }
}

async function make(pool: PlacePool, id: string, gatePort: number, signal: AbortSignal | undefined): Promise<Place> {
  const login = newLogin(id);
  const place: Clones = { login, made: new Map(), leaving: Promise.resolve() };
  pool.open.set(login.role, place);
  const made = placeOf(pool.running, login, gatePort);
  try {
    await withClient(pool.administrators, (client) => inOneTransaction(client, createLoginStatements(login)));
    await makeDatabase(pool, place, mainDatabase);
    signal?.throwIfAborted();
  } catch (thrown) {
    await drop(pool, made).catch(() => {});
    throw thrown;
  }
  return made;
}

async function reset(pool: PlacePool, given: Place): Promise<boolean> {
  const place = pool.open.get(given.id);
  if (place === undefined) return false;
  // Whoever is still there would go on in the next test's databases: they must not have the same name.
  const isLeft = await withClient(pool.administrators, (client) => isConnected(client, given.id));
  if (isLeft) {
    await drop(pool, given);
    return false;
  }
  try {
    await moveAway(pool, place);
  } catch {
    // Somebody else is connected: the superuser, who looks at it.
    await drop(pool, given);
    return false;
  }
  await makeDatabase(pool, place, mainDatabase);
  return true;
}

async function isConnected(client: PoolClient, role: string): Promise<boolean> {
  const { rows } = await client.query('SELECT FROM pg_stat_activity WHERE usename = $1 LIMIT 1', [role]);
  return rows.length > 0;
}

async function verify(pool: PlacePool, { id }: Place): Promise<readonly string[]> {
  const { running, keeper, shared, open } = pool;
  const place = open.get(id);
  if (place === undefined) return [`${id}: it is not there`];
  await Promise.all(place.made.values());
  const sources = [...place.made.keys()].map((database) => sourceNamed(pool, database));
  return verifyPlace(running, keeper, { login: place.login, sources, shared });
}

async function readGaps({ running, open }: PlacePool, { id }: Place): Promise<readonly SchemaGap[]> {
  const place = open.get(id);
  if (place === undefined) throw new Error(`${id}: it is not there`);
  const gaps = await runConcurrently([...place.made], async ([database, making]) => {
    await making;
    return gapsOfDatabase(running, database, databaseOfPlace(id, database));
  });
  return gaps.flat();
}

async function drop({ running, administrators, open }: PlacePool, { id }: Place): Promise<void> {
  // One that another broker has made, and that was kept, is dropped as well.
  const place = open.get(id);
  if (place !== undefined) await Promise.allSettled([place.leaving, ...place.made.values()]);
  open.delete(id);
  await withClient(administrators, (client) => dropPlace(running, client, id));
}

async function keep(pool: PlacePool, given: Place): Promise<Place> {
  const place = pool.open.get(given.id);
  if (place === undefined) return given;
  // Nobody makes a database when it is connected to once the gate is gone.
  for (const database of databases) await makeDatabase(pool, place, database);
  return placeOf(pool.running, place.login, firstNode(pool.running).port);
}
