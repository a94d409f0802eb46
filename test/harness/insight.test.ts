import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Harness } from '../../sandbox/harness/harness-of.ts';
import type { Lease } from '../../sandbox/harness/lease.ts';
import { openHarness } from '../../sandbox/harness/open-harness.ts';
import { runCommand, type StackFolder, stackFolder } from '../support/command.ts';

let folder: StackFolder;
let harness: Harness<'postgresql' | 'mongodb' | 'redis'>;
let impatient: typeof harness;

beforeAll(async () => {
  folder = await stackFolder();
  const size = ['--size', 'users=20,contents=20,conversations=5,knowledge=5'];
  const up = await folder.run('up', '--engines', 'postgresql,mongodb,redis', ...size);
  expect(up.exitCode, up.stderr).toBe(0);
  // A machine that is busy is slow by itself: what is slow is asked of another one. Verified: nothing of the watch itself may
  // be left in a store.
  harness = await openHarness({ directory: folder.path, insight: { slowMs: 600_000 }, verify: true });
  impatient = await openHarness({ directory: folder.path, insight: { slowMs: 1_000 }, verify: true });
});

afterAll(async () => {
  await harness?.close();
  await impatient?.close();
  await folder?.[Symbol.asyncDispose]();
});

/** What is said of a test that does this with a store of its own, as `kind: statement` and detail. */
async function findingsOf<Name extends 'postgresql' | 'mongodb' | 'redis'>(
  engine: Name,
  act: (own: Lease<Name>) => Promise<unknown>,
  of = harness,
) {
  const own = await lease(engine, of);
  await act(own);
  const { queries } = await own.release();
  expect(queries?.notRun).toEqual([]);
  return queries?.findings ?? [];
}

const lease = <Name extends 'postgresql' | 'mongodb' | 'redis'>(engine: Name, of = harness) =>
  of.lease<Name>({ engines: [engine], label: 'looked at' });

/** Statements that were slow. On a machine that is busy others may be, too. */
async function slowOf<Name extends 'postgresql' | 'mongodb' | 'redis'>(
  engine: Name,
  act: (own: Lease<Name>) => Promise<unknown>,
): Promise<readonly string[]> {
  const found = await findingsOf(engine, act, impatient);
  return found.filter(({ kind }) => kind === 'slow').map(({ statement }) => statement);
}

const anId = '00000000-0000-4000-8000-000000000000';

test('PostgreSQL: a query in a loop and one that no index helps are found, and nothing else', async () => {
  const found = await findingsOf('postgresql', async ({ stores }) => {
    const client = await stores.postgresql.client();
    const { rows } = await client.query('SELECT id FROM users ORDER BY id LIMIT 11');
    for (const { id } of rows) await client.query('SELECT email FROM users WHERE id = $1', [id]);
    await client.query("SELECT id FROM users WHERE full_name = 'nobody at all'");
  });
  expect(found.map(({ kind, statement, calls }) => ({ kind, statement, calls }))).toEqual([
    { kind: 'repeated', statement: 'SELECT email FROM users WHERE id = $1', calls: 11 },
    { kind: 'no index', statement: 'SELECT id FROM users WHERE full_name = $1', calls: 1 },
  ]);
  expect(found[1]?.detail).toContain('users, for');
});

test('PostgreSQL and Redis: a query that takes longer than it may is found', async () => {
  const ofPostgresql = await slowOf('postgresql', async ({ stores }) =>
    (await stores.postgresql.client()).query('SELECT pg_sleep(1.1)'),
  );
  expect(ofPostgresql).toContain('SELECT pg_sleep($1)');
  const script = await readFile(join(import.meta.dirname, 'support/slow.lua'), 'utf8');
  const ofRedis = await slowOf('redis', async ({ stores }) => (await stores.redis.client()).eval(script, 0));
  expect(ofRedis).toContainEqual(expect.stringMatching(/^EVAL /));
});

test('PostgreSQL: of a test that asks well nothing is said, and nothing of what another one asks meanwhile', async () => {
  const other = await lease('postgresql');
  const careless = await other.stores.postgresql.client();
  const found = await findingsOf('postgresql', async ({ stores }) => {
    const client = await stores.postgresql.client();
    for (let asked = 0; asked < 12; asked += 1)
      await careless.query('SELECT full_name FROM users WHERE full_name = $1', ['x']);
    // All of a table, by an index, ten times the same, and a transaction for each.
    await client.query('SELECT * FROM users');
    await client.query("SELECT id FROM users WHERE email = 'nobody@example.org'");
    for (let asked = 0; asked < 10; asked += 1) {
      await client.query('BEGIN');
      await client.query('SELECT username FROM users WHERE id = $1', [anId]);
      await client.query('COMMIT');
    }
    await client.query('SELECT pg_sleep(0.01)');
  });
  expect(found).toEqual([]);
  expect((await other.release()).queries?.findings.map(({ kind }) => kind)).toEqual(['no index', 'repeated']);
});

test('MongoDB: a query in a loop and one that no index helps are found; of one that asks well nothing is said', async () => {
  const careless = await findingsOf('mongodb', async ({ stores }) => {
    const contents = (await stores.mongodb.client()).db().collection('user_contents');
    for (let asked = 0; asked < 11; asked += 1) await contents.find({ user_id: `nobody-${asked}` }).toArray();
    await contents.countDocuments({ title: 'nothing' });
    await contents.updateOne({ title: 'nothing' }, { $set: { title: 'something' } });
  });
  expect(careless.map(({ kind, statement }) => `${kind}: ${statement}`)).toEqual([
    'repeated: find user_contents filter {user_id: ?}',
    expect.stringMatching(/^no index: aggregate user_contents pipeline \[\{\$match: \{title: \?\}\}/),
    'no index: update user_contents {title: ?} set {$set: {title: ?}}',
  ]);
  const careful = await findingsOf('mongodb', async ({ stores }) => {
    const contents = (await stores.mongodb.client()).db().collection('user_contents');
    await contents.find().toArray();
    for (let asked = 0; asked < 10; asked += 1) await contents.find({ user_id: `nobody-${asked}` }).toArray();
  });
  expect(careful).toEqual([]);
});

test('Redis: keys that are asked for one by one and KEYS are found, of its own database alone', async () => {
  const other = await lease('redis');
  const beside = await other.stores.redis.client();
  const careless = await findingsOf('redis', async ({ stores }) => {
    const client = await stores.redis.client();
    for (let asked = 0; asked < 11; asked += 1) {
      await client.get(`profile:${asked}:name`);
      await beside.get(`of-another:${asked}`);
    }
    await client.keys('profile:*');
  });
  expect(careless.map(({ kind, statement }) => `${kind}: ${statement}`).toSorted()).toEqual([
    'no index: KEYS profile:*',
    'repeated: GET profile:*:name',
  ]);
  const careful = await findingsOf('redis', async ({ stores }) => {
    const client = await stores.redis.client();
    for (let asked = 0; asked < 10; asked += 1) await client.get(`profile:${asked}`);
    await client.mget('profile:1', 'profile:2', 'profile:3');
  });
  expect(careful).toEqual([]);
  expect((await other.release()).queries?.findings.map(({ statement }) => statement)).toEqual(['GET of-another:*']);
});

test('Redis: of a server of its own, what the test asked there is found, and not what the watch itself asks', async () => {
  const settings = { insight: { slowMs: 600_000, repeats: 1 }, verify: true, isolation: { redis: 'server' } };
  await using servers = await openHarness<'redis'>({ directory: folder.path, ...settings });
  const own = await servers.lease({ engines: ['redis'] });
  const client = await own.stores.redis.client();
  for (const _ of [1, 2]) await client.get('profile:1:name');
  await client.config('GET', 'maxmemory');
  const { queries } = await own.release();
  expect(queries?.notRun).toEqual([]);
  expect(queries?.findings.map(({ kind, statement }) => `${kind}: ${statement}`)).toEqual([
    'repeated: GET profile:*:name',
  ]);
});

test('nobody looks where nobody has asked', async () => {
  await using unasked = await openHarness({ directory: folder.path, insight: false });
  expect(await (await unasked.lease({ engines: ['redis'] })).release()).toEqual({});
});

test('a command of any language prints them where the variable asks for it', async () => {
  const program = `
    const { Client } = require(${JSON.stringify(join(import.meta.dirname, '../../node_modules/pg'))});
    (async () => {
      const client = new Client({ connectionString: process.env.DATABASE_URL });
      await client.connect();
      for (let asked = 0; asked < 11; asked += 1) await client.query('SELECT 1 FROM users WHERE full_name = $1', ['x']);
      await client.end();
    })();`;
  const args = ['exec', '--lease', '--engines', 'postgresql', '--', process.execPath, '-e', program];
  const asked = await runCommand(args, { cwd: folder.path, env: { SANDBOX_QUERY_INSIGHT: '1' } });
  expect(asked.exitCode, asked.stderr).toBe(0);
  expect(asked.stderr).toMatch(/postgresql: no index, reads all of users, for .*: SELECT \$\d FROM users/);
  expect(asked.stderr).toMatch(/postgresql: repeated, 11 times: SELECT/);
  const silent = await runCommand(args, { cwd: folder.path, env: { SANDBOX_QUERY_INSIGHT: '0' } });
  expect(silent).toMatchObject({ exitCode: 0, stderr: '' });
});
