import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { MongoClient } from 'mongodb';
import neo4j from 'neo4j-driver';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { BackupReport } from '../../sandbox/backup/backup-report.ts';
import { labelNames } from '../../sandbox/containers/runtime/labels.ts';
import { findContainers, findVolumes } from '../../sandbox/containers/runtime/objects.ts';
import { openHarness } from '../../sandbox/harness/open-harness.ts';
import { createStack } from '../../sandbox/stack/create-stack.ts';
import { stackIdentity } from '../../sandbox/stack/state/stack-identity.ts';
import { runCommand, runForDocument, runForError, type StackFolder, stackFolder } from '../support/command.ts';
import { fewRows } from '../support/few-rows.ts';

/** One stack, whose tests go from one state of the project to the next, as its owner would. */
let folder: StackFolder;
const here = () => ({ cwd: folder.path });
const up = (...args: string[]) => runForDocument<{ readonly attached: boolean }>(['up', ...args], here());

/** Writes files of a project; `undefined` removes one. */
async function write(files: Readonly<Record<string, string | undefined>>, path = folder.path): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(path, name)), { recursive: true });
    if (text === undefined) await rm(join(path, name));
    else await writeFile(join(path, name), text);
  }
}

const configuration = `
engines: [postgresql, mongodb, neo4j]
size: ${JSON.stringify(fewRows)}
migrations:
  postgresql: {folder: db/sql, seed: db/seed.sql}
  mongodb: {folder: db/mongo}
  neo4j: {folder: db/graph, platformSchema: false}
`;

const orders = `CREATE TABLE orders (id serial PRIMARY KEY, owner uuid NOT NULL REFERENCES users (id));
DROP INDEX idx_users_status;
`;

beforeAll(async () => {
  folder = await stackFolder();
  await write({
    'sandbox.config.yaml': configuration,
    'db/sql/9_orders.sql': orders,
    'db/sql/10_amount.sql': 'ALTER TABLE orders ADD COLUMN amount int NOT NULL DEFAULT 1;',
    'db/seed.sql': 'INSERT INTO orders (owner) SELECT id FROM users;',
    'db/mongo/1.mjs': `export async function up(db) {
      await db.collection('orders').createIndex({ owner: 1 }, { name: 'by_owner' });
      await db.collection('orders').insertOne({ _id: 'one', contents: await db.collection('user_contents').countDocuments() });
    }`,
    'db/graph/1.cypher': 'CREATE CONSTRAINT order_id FOR (o:Order) REQUIRE o.id IS UNIQUE;\nCREATE (:Order {id: 1});\n',
  });
  await up();
});

afterAll(async () => {
  await folder?.[Symbol.asyncDispose]();
});

const environment = () => runForDocument<Record<string, string>>(['env'], here());

async function query(text: string, connectionString?: string): Promise<readonly object[]> {
  const client = new pg.Client({ connectionString: connectionString ?? (await environment()).DATABASE_URL });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

async function inMongo<Value>(work: (client: MongoClient) => Promise<Value>): Promise<Value> {
  await using client = await new MongoClient((await environment()).MONGODB_URI ?? '').connect();
  return await work(client);
}

async function inGraph(text: string): Promise<readonly object[]> {
  const { NEO4J_URI = '', NEO4J_USERNAME = '', NEO4J_PASSWORD = '' } = await environment();
  await using driver = neo4j.driver(NEO4J_URI, neo4j.auth.basic(NEO4J_USERNAME, NEO4J_PASSWORD), {
    disableLosslessIntegers: true,
  });
  return (await driver.executeQuery(text)).records.map((record) => record.toObject());
}

const ordersCounted = 'SELECT count(*)::int AS orders, sum(amount)::int AS amount FROM orders';

test('a stack has them after its data, in the order of names, and the seed once', async () => {
  expect(await query(ordersCounted)).toEqual([{ orders: fewRows.users, amount: fewRows.users }]);
  const found = await inMongo((client) => client.db().collection<{ _id: string }>('orders').findOne());
  expect(found).toEqual({ _id: 'one', contents: fewRows.contents });
  const again = await up();
  expect(again.attached).toBe(true);
  expect(await query(ordersCounted)).toEqual([{ orders: fewRows.users, amount: fewRows.users }]);
});

test("one in place of the platform's is alone there", async () => {
  expect(await inGraph('MATCH (n) RETURN labels(n) AS labels, n.id AS id')).toEqual([{ labels: ['Order'], id: 1 }]);
  const constraints = await inGraph('SHOW CONSTRAINTS YIELD name RETURN name');
  expect(constraints).toEqual([{ name: 'order_id' }]);
  const { crossStore, schemaGaps } = await runForDocument<{ crossStore: { ok: boolean }; schemaGaps: object[] }>(
    ['seed'],
    here(),
  );
  expect({ ok: crossStore.ok, schemaGaps }).toEqual({ ok: true, schemaGaps: [] });
});

test('a store of a test has them', async () => {
  await using harness = await openHarness({ directory: folder.path });
  await using lease = await harness.lease({ engines: ['postgresql', 'mongodb', 'neo4j'], label: 'has them' });
  const { postgresql, mongodb, neo4j: graph } = lease.stores;
  expect(await query(ordersCounted, postgresql.uri)).toMatchObject([{ orders: fewRows.users }]);
  const client = await mongodb.client();
  const indexes = await client.db().collection('orders').indexes();
  expect(indexes.map(({ name }) => name)).toContain('by_owner');
  const driver = await graph.client();
  const { records } = await driver.executeQuery('MATCH (n) RETURN labels(n) AS labels');
  expect(records.map((record) => record.get('labels'))).toEqual([['Order']]);
});

test('an index that was dropped by hand is still a gap, and one that a migration dropped is none', async () => {
  await asOwner('DROP INDEX idx_users_silicon_level');
  const refused = await runForError(['up'], here());
  await asOwner('CREATE INDEX idx_users_silicon_level ON users (silicon_level)');
  expect(refused).toMatchObject({ exitCode: 1, code: 'SCHEMA_INCOMPLETE' });
  expect(refused.evidence?.split('\n')).toEqual([expect.stringContaining('idx_users_silicon_level')]);
  expect((await up()).attached).toBe(true);
});

/** As who owns the schema, by the address that `exec --admin` gives. */
async function asOwner(text: string): Promise<void> {
  const print = 'process.stdout.write(process.env.DATABASE_MIGRATION_URL)';
  const { stdout } = await folder.run('exec', '--admin', '--', process.execPath, '-e', print);
  await query(text, stdout);
}

test('a new file at the end is applied on the data that is there', async () => {
  await query('INSERT INTO orders (owner, amount) SELECT owner, 7 FROM orders LIMIT 1');
  await write({ 'db/sql/11_note.sql': "ALTER TABLE orders ADD COLUMN note text DEFAULT 'none';" });
  expect((await up()).attached).toBe(false);
  const noted = "SELECT count(*)::int AS orders FROM orders WHERE note = 'none'";
  expect(await query(`${noted} AND amount = 7`)).toEqual([{ orders: 1 }]);
  await query('DELETE FROM orders WHERE amount = 7');
  expect(await query(noted)).toEqual([{ orders: fewRows.users }]);
});

test('one that fails says where, and leaves every store as it was', async () => {
  await write({
    'db/sql/12_bad.sql':
      'CREATE TABLE bad (id int);\n\nINSERT INTO orders (id, owner)\n  SELECT id, owner FROM orders;\n',
    'db/mongo/2.mjs': "export const up = (db) => db.createCollection('made_by_the_failed_start');",
  });
  const refused = await runForError(['up'], here());
  expect(refused).toMatchObject({ exitCode: 1, code: 'MIGRATION_FAILED', engine: 'postgresql' });
  expect(refused.message).toMatch(/^db\/sql\/12_bad\.sql:3: duplicate key value violates unique constraint/);
  await write({
    'db/sql/12_bad.sql': undefined,
    'db/mongo/2.mjs': `export async function up(db) {
      await db.createCollection('made_by_the_failed_start');
      throw new Error('no ' + process.env.HOME);
    }`,
  });
  expect(await query("SELECT to_regclass('bad') AS bad, count(*)::int AS orders FROM orders")).toEqual([
    { bad: null, orders: fewRows.users },
  ]);
  const failed = await runForError(['up'], here());
  expect(failed).toMatchObject({ code: 'MIGRATION_FAILED', engine: 'mongodb' });
  expect(failed.message).toMatch(/^db\/mongo\/2\.mjs:3: no /);
  await write({ 'db/mongo/2.mjs': undefined });
  const names = await inMongo(async (client) =>
    (await client.db().listCollections().toArray()).map(({ name }) => name),
  );
  expect(names).toContain('orders');
  expect(names).not.toContain('made_by_the_failed_start');
});

test('a file that has changed since is refused, and nothing is touched until it is asked for', async () => {
  await write({ 'db/sql/10_amount.sql': 'ALTER TABLE orders ADD COLUMN amount int NOT NULL DEFAULT 2;' });
  const refused = await runForError(['up'], here());
  expect(refused).toMatchObject({ exitCode: 1, code: 'MIGRATION_DIFFERENT', engine: 'postgresql' });
  expect(refused.message).toContain('db/sql/10_amount.sql has changed since it was applied');
  expect(await query(ordersCounted)).toMatchObject([{ orders: fewRows.users }]);
  await up('--reset');
  expect(await query('SELECT count(*)::int AS orders FROM orders WHERE amount = 2')).toEqual([
    { orders: fewRows.users },
  ]);
  expect((await up()).attached).toBe(true);
});

test('reset brings them back as they were made', async () => {
  await query('DELETE FROM orders');
  await inMongo((client) => client.db().collection('orders').deleteMany({}));
  await inGraph('CREATE (:Mine)');
  await runForDocument(['reset'], here());
  expect(await query(ordersCounted)).toMatchObject([{ orders: fewRows.users }]);
  expect(await inMongo((client) => client.db().collection('orders').countDocuments())).toBe(1);
  expect(await inGraph('MATCH (n) RETURN labels(n) AS labels')).toEqual([{ labels: ['Order'] }]);
});

test('data of a backup goes on from what was applied to it', async () => {
  const { archive } = await runForDocument<BackupReport>(['backup'], here());
  await write({ 'db/sql/20_later.sql': 'CREATE TABLE later (id int);' });
  await up();
  await runForDocument(['restore', archive.name, '--into', 'replace', '--yes'], here());
  const later = "SELECT to_regclass('later') IS NOT NULL AS later, count(*)::int AS orders FROM orders";
  expect(await query(later)).toEqual([{ later: false, orders: fewRows.users }]);
  await up();
  expect(await query(later)).toEqual([{ later: true, orders: fewRows.users }]);
  expect((await up()).attached).toBe(true);
});

test('what a process was killed in is refused until it is made anew', async () => {
  await write({ 'db/mongo/2.mjs': 'export const up = () => process.kill(process.pid, "SIGKILL");' });
  const killed = await runCommand(['up'], here());
  expect(killed.exitCode).not.toBe(0);
  await write({ 'db/mongo/2.mjs': "export const up = (db) => db.createCollection('second');" });
  const refused = await runForError(['up'], here());
  expect(refused).toMatchObject({ code: 'MIGRATION_DIFFERENT', engine: 'mongodb' });
  expect(refused.message).toContain('db/mongo/2.mjs was begun and not finished');
  await expect(openHarness({ directory: folder.path, engines: ['mongodb'] })).rejects.toMatchObject({
    code: 'MIGRATION_DIFFERENT',
  });
  await up('--reset');
  const names = await inMongo(async (client) =>
    (await client.db().listCollections().toArray()).map(({ name }) => name),
  );
  expect(names).toContain('second');
});

test('a first start that fails leaves nothing', async () => {
  await using other = await stackFolder();
  await write(
    {
      'sandbox.config.yaml': 'engines: [redis]\nsize: none\nmigrations: {redis: {folder: db}}\n',
      'db/1.mjs':
        "export async function up(client) {\n  await client.set('half', '1');\n  await client.call('NOTHING');\n}",
    },
    other.path,
  );
  const refused = await runForError(['up'], { cwd: other.path });
  expect(refused).toMatchObject({ exitCode: 1, code: 'MIGRATION_FAILED', engine: 'redis' });
  expect(refused.message).toMatch(/^db\/1\.mjs:3: .*unknown command/i);
  const ours = { [labelNames.stack]: stackIdentity({ directory: other.path }).name };
  expect([...(await findContainers(ours)), ...(await findVolumes(ours))]).toEqual([]);
  await write({ 'db/1.mjs': "export const up = (client) => client.set('whole', '1');" }, other.path);
  await runForDocument(['up'], { cwd: other.path });
});

test('a stack of a library has what a command and a function make of it', async () => {
  await using other = await stackFolder();
  const ioredis = JSON.stringify(join(import.meta.dirname, '../../node_modules/ioredis'));
  const program = `
    const { Redis } = require(${ioredis});
    const client = new Redis(process.env.REDIS_MIGRATION_URL);
    client.set('by', 'command').then(() => client.quit());
  `;
  await write({ 'db/more.txt': '' }, other.path);
  await using stack = await createStack({
    directory: other.path,
    engines: ['redis'],
    size: 'none',
    migrations: {
      redis: {
        folder: 'db',
        command: [process.execPath, '-e', program],
        seed: async ({ client, environment }) => {
          await client.set('seeded', `${await client.get('by')} ${environment.REDIS_URL !== undefined}`);
        },
      },
    },
  });
  expect(await stack.clients.redis.mget('by', 'seeded')).toEqual(['command', 'command true']);
});
