import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { labelNames } from '../../sandbox/containers/runtime/labels.ts';
import { findContainers, findVolumes } from '../../sandbox/containers/runtime/objects.ts';
import { openHarness } from '../../sandbox/harness/open-harness.ts';
import { createStack } from '../../sandbox/stack/create-stack.ts';
import { stackIdentity } from '../../sandbox/stack/state/stack-identity.ts';
import { runForDocument, runForError, type StackFolder, stackFolder } from '../support/command.ts';
import { fewRows } from '../support/few-rows.ts';
import { writeFiles } from './support/write-files.ts';

/** One stack; a test that changes what was applied before brings the project and its stack back. */
let folder: StackFolder;
const here = () => ({ cwd: folder.path });
const up = (...args: string[]) => runForDocument<{ readonly attached: boolean }>(['up', ...args], here());

const write = (files: Readonly<Record<string, string | undefined>>, path = folder.path) => writeFiles(path, files);

const configuration = `
engines: [postgresql, mongodb]
size: ${JSON.stringify(fewRows)}
migrations:
  postgresql: {folder: db/sql, seed: db/seed.sql}
  mongodb: {folder: db/mongo}
`;

const orders = `CREATE TABLE orders (id serial PRIMARY KEY, owner uuid NOT NULL REFERENCES users (id));
DROP INDEX idx_users_status;
CREATE SCHEMA billing;
CREATE TABLE billing.invoices (id serial PRIMARY KEY);
`;

const amountOf = (amount: number) => `ALTER TABLE orders ADD COLUMN amount int NOT NULL DEFAULT ${amount};`;

beforeAll(async () => {
  folder = await stackFolder();
  await write({
    'sandbox.config.yaml': configuration,
    'db/sql/9_orders.sql': orders,
    'db/sql/10_amount.sql': amountOf(1),
    'db/seed.sql': 'INSERT INTO orders (owner) SELECT id FROM users;',
    'db/mongo/1.mjs': `export async function up(db) {
      await db.collection('orders').createIndex({ owner: 1 }, { name: 'by_owner' });
      await db.collection('orders').insertOne({ _id: 'one', contents: await db.collection('user_contents').countDocuments() });
    }`,
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

const ordersCounted = 'SELECT count(*)::int AS orders, sum(amount)::int AS amount FROM orders';

test('a stack has them after its data, in the order of names, and the seed once', async () => {
  expect(await query(ordersCounted)).toEqual([{ orders: fewRows.users, amount: fewRows.users }]);
  const found = await inMongo((client) => client.db().collection<{ _id: string }>('orders').findOne());
  expect(found).toEqual({ _id: 'one', contents: fewRows.contents });
  expect(await query('INSERT INTO billing.invoices DEFAULT VALUES RETURNING id')).toEqual([{ id: 1 }]);
  const again = await up();
  expect(again.attached).toBe(true);
  expect(await query(ordersCounted)).toEqual([{ orders: fewRows.users, amount: fewRows.users }]);
});

test('a store of a test has them', async () => {
  await using harness = await openHarness({ directory: folder.path });
  await using lease = await harness.lease({ engines: ['postgresql', 'mongodb'], label: 'has them' });
  const { postgresql, mongodb } = lease.stores;
  expect(await query(ordersCounted, postgresql.uri)).toMatchObject([{ orders: fewRows.users }]);
  const client = await mongodb.client();
  const indexes = await client.db().collection('orders').indexes();
  expect(indexes.map(({ name }) => name)).toContain('by_owner');
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
  await using harness = await openHarness({ directory: folder.path });
  await (await harness.lease({ engines: ['postgresql'], label: 'before' })).release();
  await write({ 'db/sql/11_note.sql': "ALTER TABLE orders ADD COLUMN note text DEFAULT 'none';" });
  expect((await up()).attached).toBe(false);
  await using lease = await harness.lease({ engines: ['postgresql'], label: 'after' });
  const { uri } = lease.stores.postgresql;
  expect(await query('SELECT DISTINCT note FROM orders', uri)).toEqual([{ note: 'none' }]);
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
  expect(failed.message).toMatch(/^db\/mongo\/2\.mjs:3: no \S+\. The stores hold again what they held before\.$/);
  await write({ 'db/mongo/2.mjs': undefined });
  const names = await inMongo(async (client) =>
    (await client.db().listCollections().toArray()).map(({ name }) => name),
  );
  expect(names).toContain('orders');
  expect(names).not.toContain('made_by_the_failed_start');
});

test('a file that has changed since is refused, and nothing is touched until it is asked for', async () => {
  await write({ 'db/sql/10_amount.sql': amountOf(2) });
  const refused = await runForError(['up'], here());
  expect(refused).toMatchObject({ exitCode: 1, code: 'MIGRATION_DIFFERENT', engine: 'postgresql' });
  expect(refused.message).toContain('db/sql/10_amount.sql has changed since it was applied');
  expect(await query(ordersCounted)).toMatchObject([{ orders: fewRows.users }]);
  await up('--reset');
  expect(await query('SELECT count(*)::int AS orders FROM orders WHERE amount = 2')).toEqual([
    { orders: fewRows.users },
  ]);
  expect((await up()).attached).toBe(true);
  await write({ 'db/sql/10_amount.sql': amountOf(1) });
  await up('--reset');
});

test('reset brings them back as they were made', async () => {
  await query('DELETE FROM orders');
  await inMongo((client) => client.db().collection('orders').deleteMany({}));
  await runForDocument(['reset'], here());
  expect(await query(ordersCounted)).toMatchObject([{ orders: fewRows.users }]);
  expect(await inMongo((client) => client.db().collection('orders').countDocuments())).toBe(1);
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
