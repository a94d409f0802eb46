import { MongoDBContainer } from '@testcontainers/mongodb';
import { Neo4jContainer } from '@testcontainers/neo4j';
import { PostgreSqlContainer } from '@testcontainers/postgresql';
import { RedisContainer } from '@testcontainers/redis';
import { Redis } from 'ioredis';
import { MongoClient } from 'mongodb';
import neo4j from 'neo4j-driver';
import pg from 'pg';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { resolveImages } from '../../sandbox/containers/images/images.ts';
import { docker } from '../../sandbox/containers/runtime/docker.ts';
import { deadlineMs } from '../../sandbox/core/deadlines.ts';
import { loadEngines } from '../../sandbox/engines/load-engines.ts';

/** Images as the stack would take them: ready from the start of the test run. */
let image: (engine: string) => string;
let originOf: (engine: string) => string | undefined;

beforeAll(async () => {
  await docker();
  const engines = await loadEngines(['postgresql', 'neo4j', 'redis', 'mongodb', 'qdrant']);
  const requests = engines.map(({ name, image: spec }) => ({ engine: name, spec }));
  const images = await resolveImages(requests, { policy: 'auto', progress: () => {} });
  originOf = (engine) => images.get(engine)?.origin;
  image = (engine) => images.get(engine)?.reference ?? '';
});

/** As long as a stack waits for its own, in milliseconds: testcontainers' minute is short for three at once on a busy machine. */
const startMs = deadlineMs('nodeReady');
vi.setConfig({ testTimeout: 2 * startMs });

// Each is removed as its test ends: the reaper that testcontainers would start beside them needs an image of its own.
describe.concurrent('an image starts as the official one does', () => {
  test('@testcontainers/postgresql: database, user and password by environment', async () => {
    await using container = await new PostgreSqlContainer(image('postgresql'))
      .withDatabase('shop')
      .withUsername('clerk')
      .withPassword('open-sesame_42')
      .withAutoCleanup(false)
      .withStartupTimeout(startMs)
      .start();
    const client = new pg.Client({
      host: container.getHost(),
      port: container.getPort(),
      database: container.getDatabase(),
      user: container.getUsername(),
      password: container.getPassword(),
    });
    await client.connect();
    try {
      const { rows } = await client.query('SELECT current_user, current_database(), version()');
      expect(rows[0]).toMatchObject({ current_user: 'clerk', current_database: 'shop' });
      await client.query('CREATE EXTENSION vector; CREATE EXTENSION postgis');
    } finally {
      await client.end();
    }
  });

  test('@testcontainers/neo4j: password by environment, bolt and http', async () => {
    await using container = await new Neo4jContainer(image('neo4j'))
      .withPassword('correct horse')
      .withAutoCleanup(false)
      .withStartupTimeout(startMs)
      .start();
    const auth = neo4j.auth.basic(container.getUsername(), container.getPassword());
    await using driver = neo4j.driver(container.getBoltUri(), auth);
    const { records } = await driver.executeQuery('RETURN 1 AS one');
    expect(records[0]?.get('one').toNumber()).toBe(1);
    const answer = await fetch(container.getHttpUri());
    expect(await answer.json()).toMatchObject({ neo4j_edition: 'community' });
  });

  test('@testcontainers/redis: a password, and data that it is given', async () => {
    await using container = await new RedisContainer(image('redis'))
      .withPassword('hush')
      .withAutoCleanup(false)
      .withStartupTimeout(startMs)
      .start();
    const client = new Redis(container.getConnectionUrl());
    try {
      expect(await client.set('a', '1')).toBe('OK');
    } finally {
      client.disconnect();
    }
  });
});

test('@testcontainers/mongodb: a replica set of one member, whose transactions work', async (context) => {
  // The stand-in is a replica set of its own making, and has no shell for the module to initiate one with.
  if (originOf('mongodb') !== 'official') context.skip('the official image is not here');
  await using container = await new MongoDBContainer(image('mongodb'))
    .withAutoCleanup(false)
    .withStartupTimeout(startMs)
    .start();
  await using client = await new MongoClient(`${container.getConnectionString()}/?directConnection=true`).connect();
  await client.withSession((session) =>
    session.withTransaction(() => client.db('shop').collection('orders').insertOne({ total: 1 }, { session })),
  );
  expect(await client.db('shop').collection('orders').countDocuments()).toBe(1);
});

describe.concurrent('an image says of itself what an official one says', () => {
  test.each([
    { engine: 'postgresql', ports: ['5432/tcp'], signal: 'SIGINT', volumes: ['/var/lib/postgresql/data'] },
    { engine: 'neo4j', ports: ['7474/tcp', '7687/tcp'], signal: undefined, volumes: ['/data', '/logs'] },
    { engine: 'redis', ports: ['6379/tcp'], signal: undefined, volumes: ['/data'] },
    { engine: 'mongodb', ports: ['27017/tcp'], signal: undefined, volumes: ['/data/db'] },
    { engine: 'qdrant', ports: ['6333/tcp'], signal: undefined, volumes: [] },
  ])('$engine: ports, data paths and stop signal', async ({ engine, ports, signal, volumes }) => {
    const { Config } = await (await docker()).getImage(image(engine)).inspect();
    expect(Object.keys(Config.ExposedPorts ?? {})).toEqual(expect.arrayContaining(ports));
    expect(Object.keys(Config.Volumes ?? {})).toEqual(expect.arrayContaining(volumes));
    if (signal !== undefined) expect(Config).toMatchObject({ StopSignal: signal });
  });
});
