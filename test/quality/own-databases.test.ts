import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { deadlineMs } from '../../sandbox/core/deadlines.ts';
import { createTemporaryFolder } from '../../sandbox/core/files/temporary-folder.ts';
import { loadEngine } from '../../sandbox/engines/load-engines.ts';
import { openPrimary } from '../../sandbox/engines/postgresql/server/connection.ts';
import { writeContracts } from '../../sandbox/quality/contracts/write-contracts.ts';
import { runChecks } from '../../sandbox/quality/run/run-checks.ts';
import { qualityTarget, storesOf } from '../../sandbox/quality/target.ts';
import { createStack, type Stack } from '../../sandbox/stack/create-stack.ts';

let stack: Stack<'postgresql'>;

/** Names that the catalogue has in quotes, a table of parts, a view, and what a reader may not see. */
const inApp = `
  CREATE TABLE "Order" (id int PRIMARY KEY, "e mail" text NOT NULL);
  INSERT INTO "Order" VALUES (1, 'a@x'), (2, ''), (3, ' ');
  CREATE TABLE "user" ("select" text);
  INSERT INTO "user" VALUES ('x'), (NULL), (NULL);
  CREATE SCHEMA sales;
  CREATE TABLE sales."Order.Item""s" (号 int);
  INSERT INTO sales."Order.Item""s" VALUES (1), (1), (1);
  CREATE TABLE events (at date NOT NULL, kind text) PARTITION BY RANGE (at);
  CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
  CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
  INSERT INTO events VALUES ('2026-01-05', 'a'), ('2026-02-05', 'b'), ('2026-02-06', NULL);
  CREATE VIEW recent AS SELECT * FROM events WHERE at > '2026-02-01';
  CREATE TABLE hidden (id int);
  CREATE ROLE reader LOGIN PASSWORD 'of the reader';
  GRANT USAGE ON SCHEMA sales TO reader;
  GRANT SELECT ON "Order", "user", sales."Order.Item""s", events, recent TO reader`;

beforeAll(async () => {
  stack = await createStack({ engines: ['postgresql'], size: 'none', schema: false, connect: false });
  await within('postgres', 'CREATE DATABASE app');
  await within('postgres', 'CREATE DATABASE "über uns"');
  await within('postgres', 'CREATE DATABASE nothing');
  await within('app', inApp);
  await within('über uns', 'CREATE TABLE about (id int PRIMARY KEY); INSERT INTO about VALUES (1)');
});
afterAll(() => stack?.dispose());

async function within(database: string, text: string): Promise<void> {
  await using opened = await openPrimary(stack.engines.postgresql, { database });
  await opened.client.query(text);
}

function addressOf(database: string, login = `postgres:${stack.engines.postgresql.secrets.postgres}`): string {
  const [node] = stack.engines.postgresql.nodes;
  return `postgresql://${login}@${node?.host}:${node?.port}/${database}`;
}

const server = async (url: string) => ({ servers: [{ engine: await loadEngine('postgresql'), url }] });

/** A folder with one contract: its entities. */
async function contractOf(schema: readonly object[]) {
  const folder = await createTemporaryFolder('taishang-own-databases-');
  await mkdir(join(folder.path, 'postgresql'));
  const contract = {
    apiVersion: 'v3.1.0',
    kind: 'DataContract',
    id: 'own',
    version: '1.0.0',
    status: 'active',
    schema,
  };
  await writeFile(join(folder.path, 'postgresql', 'own.odcs.yaml'), JSON.stringify(contract));
  return folder;
}

/** What checks of these entities find on a server: the count, or the verdict where nobody knows one. */
async function found(schema: readonly object[], url: string, names: readonly string[]) {
  await using folder = await contractOf(schema);
  const target = await qualityTarget({ ...(await server(url)), contracts: folder.path, names });
  const { results } = await runChecks(target);
  return Object.fromEntries(
    results.map(({ check, count, verdict }) => [check.replace('postgresql.', ''), count ?? verdict]),
  );
}

const rows = { id: 'rows', metric: 'rowCount', mustBeGreaterThan: 0 };
const about = (metric: string, field: string) => ({
  id: metric,
  metric,
  arguments: { properties: [field] },
  mustBe: 0,
});

const entities = [
  {
    name: 'orders',
    physicalName: 'Order',
    properties: [
      { name: 'id', physicalType: 'integer', required: true, primaryKey: true },
      { name: 'e mail', physicalType: 'text', required: true },
    ],
    quality: [rows, about('missingValues', 'e mail')],
  },
  {
    name: 'users',
    physicalName: 'public.user',
    properties: [{ name: 'select' }],
    quality: [about('nullValues', 'select')],
  },
  {
    name: 'items',
    physicalName: 'sales."Order.Item""s"',
    properties: [{ name: '号' }],
    quality: [about('duplicateValues', '号')],
  },
  { name: 'events', properties: [{ name: 'at' }, { name: 'kind' }], quality: [rows, about('nullValues', 'kind')] },
  { name: 'recent', properties: [{ name: 'kind' }], quality: [rows, about('nullValues', 'kind')] },
  {
    name: 'about',
    customProperties: [{ property: 'database', value: 'über uns' }],
    properties: [{ name: 'id' }],
    quality: [rows],
  },
  { name: 'hidden', properties: [{ name: 'id' }], quality: [rows, about('nullValues', 'id')] },
];

test('tables of any name, of parts, views, and another database are asked for what they are', async () => {
  const names = ['orders', 'users', 'items', 'events', 'recent', 'about'].map((name) => `postgresql.${name}`);
  const told = await found(entities, addressOf('app'), names);
  expect(told).toMatchObject({
    'orders.rows': 3,
    'orders.missingValues': 2,
    'users.nullValues': 2,
    'items.duplicateValues': 2,
    'events.rows': 3,
    'events.nullValues': 1,
    'recent.rows': 2,
    'about.rows': 1,
    // A view has nothing that tells its rows apart.
    'recent.nullValues': 'unknown',
  });
  const { 'orders.catalogue': gaps } = told;
  // The constraint of its key alone.
  expect(gaps).toBe(1);
});

test('what a login may not read is unknown, and no pass', async () => {
  const told = await found(entities, addressOf('app', 'reader:of%20the%20reader'), ['postgresql']);
  expect(told).toMatchObject({ 'hidden.rows': 'unknown', 'hidden.nullValues': 'unknown', 'orders.missingValues': 2 });
  expect(told.places).toBe(0);
});

test('`init` writes each table of the database that the address names once, and finds nothing wrong then', async () => {
  await using folder = await createTemporaryFolder('taishang-own-init-');
  const options = { ...(await server(addressOf('app'))), contracts: folder.path };
  const { engines, running } = await storesOf(options);
  const stores = engines.flatMap((engine) => {
    const reached = running.get(engine.name);
    return reached === undefined ? [] : [{ engine, running: reached }];
  });
  await writeContracts(folder.path, stores);
  expect((await readdir(join(folder.path, 'postgresql'))).toSorted()).toEqual(
    ['events', 'hidden', 'order', 'sales-order-item-s', 'user'].map((name) => `${name}.odcs.yaml`),
  );
  const { summary } = await runChecks(await qualityTarget(options));
  expect(summary).toMatchObject({ errors: 0, warnings: 0, unknown: 0 });
  await expect(writeContracts(folder.path, stores)).rejects.toThrow('has a contract');
});

test('`init` of a database without a table says that there is none', async () => {
  await using folder = await createTemporaryFolder('taishang-own-empty-');
  const { engines, running } = await storesOf(await server(addressOf('nothing')));
  const stores = engines.map((engine) => ({ engine, running: running.get(engine.name) ?? stack.engines.postgresql }));
  await expect(writeContracts(folder.path, stores)).rejects.toMatchObject({
    code: 'BAD_OPTION',
    message: 'There is nothing in PostgreSQL that a contract could be of.',
  });
});

test('a connection that the server has ended costs one check, and what a statement is refused for none', async () => {
  const { running } = await storesOf(await server(addressOf('app')));
  const { quality } = await loadEngine('postgresql');
  await using session = await quality?.open(running.get('postgresql') ?? stack.engines.postgresql);
  const rowsOf = (name: string) =>
    session?.answer(
      {
        place: { name },
        ask: { rule: { metric: 'rowCount', fields: [], arguments: {} } },
        parameters: {},
        accepted: [],
      },
      { timeoutMs: 60_000, idsMax: 20 },
    );
  expect(await rowsOf('Order')).toMatchObject({ count: 3 });
  await expect(rowsOf('no such table')).rejects.toThrow('does not exist');
  const ended = "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE datname = 'app'";
  await within('postgres', ended);
  await expect(rowsOf('Order')).rejects.toThrow();
  expect(await rowsOf('Order')).toMatchObject({ count: 3 });
});

test('databases of tests, and what a restore has made beside the others, need no contract', async () => {
  const role = 'place_0123abcd_1_1_0123abcd';
  await within('postgres', `CREATE ROLE ${role}; COMMENT ON ROLE ${role} IS 'taishang sandbox: place'`);
  const names = { test: `${role}_users`, copy: 'app_restore', own: 'place_of_mine' };
  for (const name of Object.values(names)) {
    await within('postgres', `CREATE DATABASE ${name}`);
    await within(name, 'CREATE TABLE things (id int)');
  }
  await within('postgres', `ALTER DATABASE ${names.copy} SET taishang_sandbox.copy_name TO '${names.copy}'`);
  const { running } = await storesOf(await server(addressOf('postgres')));
  const { quality } = await loadEngine('postgresql');
  await using session = await quality?.open(running.get('postgresql') ?? stack.engines.postgresql);
  const places = await session?.places({ timeoutMs: deadlineMs('statement'), idsMax: 20 });
  const databases = new Set(places?.map(({ database }) => database));
  expect([names.own, names.test, names.copy].map((name) => databases.has(name))).toEqual([true, false, false]);
});
