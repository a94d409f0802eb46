import neo4j, { type Driver, type EagerResult } from 'neo4j-driver';
import type { IsolationOptions, Places } from '../../contract/isolation.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { openServerPool } from '../../shared/isolation/server-pool.ts';
import { type Catalogue, readCatalogue } from '../backup/catalogue.ts';
import { schemaGaps } from '../schema/schema-gaps.ts';
import { environment, probe, uri, userName } from '../server/connection.ts';
import { standalone } from '../server/topologies.ts';
import { graphDifference, type Placed, readGraph, type SeedGraph, seedOf } from './graph.ts';
import { catalogueDifferences, dropAdded, makeMissing } from './mend-catalogue.ts';
import { fillGraph, mendGraph } from './mend-graph.ts';

interface Template {
  readonly seed: SeedGraph;
  readonly catalogue: Catalogue;
}

interface PlaceServer {
  readonly running: RunningEngine;
  readonly driver: Driver;
  readonly placed: Placed;
  /** What the server calls its state; any commit gives it another one. */
  bookmark: string;
}

/** Reads the stack's graph as it is now, and opens the pool of servers that are filled with it. */
export async function openPlaces(stack: RunningEngine, options: IsolationOptions): Promise<Places> {
  const template = await readTemplate(stack);
  return openServerPool<PlaceServer>(stack, options, {
    ...{ topology: standalone, probe, uri, environment, schemaGaps, secretName: 'neo4j' },
    // A heap that the platform's queries run in; such a server takes some 300 MB (measured, with the data of `small`).
    addedEnvironment: { NEO4J_server_memory_heap_max__size: '256m', NEO4J_server_memory_pagecache_size: '32m' },
    memoryBytes: 400e6,
    // A Java machine each, which takes a core for some seconds as it starts.
    usualServers: 2,
    fill: (running) => fill(running, template),
    mend: (server) => mend(server, template),
    verify: (server) => verify(server, template),
    close: ({ driver }) => driver.close(),
  });
}

/** Integers are the driver's own type, so that 3 does not come back as 3.0. */
function openExact(running: RunningEngine): Driver {
  return neo4j.driver(uri(running), loginOf(running), { telemetryDisabled: true });
}

function loginOf({ secrets }: RunningEngine) {
  return neo4j.auth.basic(userName, secrets.neo4j ?? '');
}

async function readTemplate(stack: RunningEngine): Promise<Template> {
  await using driver = openExact(stack);
  return { seed: seedOf(await readGraph(driver)), catalogue: await readCatalogue(driver) };
}

async function fill(running: RunningEngine, template: Template): Promise<PlaceServer> {
  const driver = openExact(running);
  try {
    await dropAdded(driver, template.catalogue);
    const placed = await fillGraph(driver, template.seed);
    await makeMissing(driver, template.catalogue);
    return { running, driver, placed, bookmark: await bookmarkOf(driver) };
  } catch (thrown) {
    await driver.close();
    throw thrown;
  }
}

/** Reading gives the bookmark of what was committed last (Neo4j documentation, "Bookmarks"); Community has no other counter. */
async function bookmarkOf(driver: Driver): Promise<string> {
  const session = driver.session({ defaultAccessMode: neo4j.session.READ });
  try {
    await session.run('RETURN 1');
    return session.lastBookmarks().join();
  } finally {
    await session.close();
  }
}

async function mend(server: PlaceServer, { seed, catalogue }: Template): Promise<void> {
  const { driver, placed, running } = server;
  // Connections that are open stay so when a test gives the user another password.
  if (!(await driver.verifyAuthentication({ auth: loginOf(running) }))) throw new Error('its password is another one');
  await endTransactions(driver);
  await mendUsers(driver);
  if ((await bookmarkOf(driver)) === server.bookmark) return;
  await dropAdded(driver, catalogue);
  await mendGraph(driver, seed, placed);
  await makeMissing(driver, catalogue);
  server.bookmark = await bookmarkOf(driver);
}

/** A transaction that a test has left open holds locks, and may still be committed. */
async function endTransactions(driver: Driver): Promise<void> {
  const { records } = await driver.executeQuery<EagerResult<{ id: string }>>(
    "SHOW TRANSACTIONS YIELD transactionId AS id, currentQuery AS query WHERE NOT coalesce(query, '') STARTS WITH 'SHOW TRANSACTIONS' RETURN id",
  );
  const ids = records.map((record) => record.get('id'));
  if (ids.length > 0) await driver.executeQuery('TERMINATE TRANSACTIONS $ids', { ids });
}

interface Users {
  /** Whether the place's own has to change its password first: a session that is open already goes on. */
  readonly isExpired: boolean;
  /** Names of those that a test has added. */
  readonly added: readonly string[];
}

async function usersOf(driver: Driver): Promise<Users> {
  const { records } = await driver.executeQuery<EagerResult<{ user: string; isExpired: boolean }>>(
    'SHOW USERS YIELD user, passwordChangeRequired AS isExpired',
    {},
    { database: 'system' },
  );
  const users = records.map((record) => record.toObject());
  return {
    isExpired: users.some(({ user, isExpired }) => user === userName && isExpired),
    added: users.map(({ user }) => user).filter((user) => user !== userName),
  };
}

async function mendUsers(driver: Driver): Promise<void> {
  const { isExpired, added } = await usersOf(driver);
  if (isExpired) throw new Error('its password has to be changed');
  for (const user of added) {
    await driver.executeQuery('DROP USER $user IF EXISTS', { user }, { database: 'system' });
  }
}

async function verify({ driver, placed }: PlaceServer, template: Template): Promise<readonly string[]> {
  const difference = graphDifference(template.seed, placed, await readGraph(driver));
  const counts: Record<string, number> = {
    'nodes more': difference.addedNodes.length,
    'nodes different': difference.changedNodes.length,
    'nodes fewer': difference.removedNodes.length,
    'relationships more': difference.addedRelationships.length,
    'relationships different': difference.changedRelationships.length,
    'relationships fewer': difference.removedRelationships.length,
  };
  const { isExpired, added } = await usersOf(driver);
  return [
    ...Object.entries(counts).flatMap(([what, count]) => (count === 0 ? [] : [`${what}: ${count}`])),
    ...(await catalogueDifferences(driver, template.catalogue)),
    ...added.map((user) => `user ${user} was added`),
    ...(isExpired ? ['its password has to be changed'] : []),
  ];
}
