import { Client, type Pool, type PoolClient, type QueryResult } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AsyncDisposableStack } from '../../../sandbox/core/disposable-stack.ts';
import { poll } from '../../../sandbox/core/poll.ts';
import type { PlaceOwner, Places } from '../../../sandbox/engines/contract/isolation.ts';
import { readServer } from '../../../sandbox/engines/postgresql/backup/catalogue/read-catalogue.ts';
import { ownConnections } from '../../../sandbox/engines/postgresql/isolation/capacity.ts';
import { contentOf, differencesBetween } from '../../../sandbox/engines/postgresql/isolation/content.ts';
import { isolation } from '../../../sandbox/engines/postgresql/isolation/isolation.ts';
import { rolledBack } from '../../../sandbox/engines/postgresql/isolation/rolled-back/rolled-back.ts';
import { databases, openPrimary } from '../../../sandbox/engines/postgresql/server/connection.ts';
import { createStack, type Stack } from '../../../sandbox/stack/create-stack.ts';
import { usedPlaces } from '../support/used-places.ts';

const owner: PlaceOwner = { pid: process.pid, startedAtMs: 1 };

let stack: Stack<'postgresql'>;
let places: Places;

beforeAll(async () => {
  stack = await createStack({
    engines: ['postgresql'],
    size: { users: 20, contents: 20, conversations: 0, knowledge: 5 },
    connect: false,
  });
  await administer(
    `ALTER DATABASE taishang_users SET lock_timeout TO '7s'; ALTER ROLE taishang_user SET statement_timeout TO '61s';
     ALTER ROLE taishang_user IN DATABASE taishang_users SET work_mem TO '5MB';
     COMMENT ON DATABASE taishang_users IS 'users of the platform'; CREATE ROLE reporter;
     GRANT CONNECT ON DATABASE taishang_users TO reporter WITH GRANT OPTION;
     GRANT CREATE ON DATABASE taishang_analytics TO reporter`,
  );
  places = await isolation.open(running(), { owner });
});

afterAll(async () => {
  await places?.[Symbol.asyncDispose]();
  await stack?.dispose();
});

const running = () => stack.engines.postgresql;

const make = usedPlaces(() => places);

async function administer(statements: string): Promise<void> {
  await using opened = await openPrimary(running(), { database: 'postgres' });
  await opened.client.query(statements);
}

async function names(query: string): Promise<readonly string[]> {
  await using opened = await openPrimary(running(), { database: 'postgres' });
  const { rows } = await opened.client.query<{ name: string }>(query);
  return rows.map(({ name }) => name);
}

const databasesLike = (pattern: string) =>
  names(`SELECT datname AS name FROM pg_database WHERE datname LIKE '${pattern}' ORDER BY 1`);
const placeDatabases = () => databasesLike('place\\_%');
const templates = () => databasesLike('taishang\\_template\\_%');

async function at<Value>(uri: string | undefined, work: (client: Client) => Promise<Value>): Promise<Value> {
  const client = new Client({ connectionString: uri ?? '' });
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}

const countOf = (uri: string, table: string) =>
  at(uri, async (client) => Number((await client.query(`SELECT count(*) FROM ${table}`)).rows[0]?.count));

test('a place holds what the stack holds, and what is done there is done nowhere else', async () => {
  const [place, other] = await Promise.all([make(), make()]);
  expect(await places.verify(place)).toEqual([]);
  await at(place.uri, (client) => client.query('DELETE FROM user_preferences; CREATE TABLE made_by_test (id int)'));
  expect(await countOf(place.uri, 'user_preferences')).toBe(0);
  expect(await countOf(other.uri, 'user_preferences')).toBeGreaterThan(0);
  expect(await places.verify(other)).toEqual([]);
  const found = await places.verify(place);
  expect(found).toContain('taishang_users.public.user_preferences');
  expect(found).toContain('taishang_users.public.made_by_test');
});

test('its sessions are those of the role that the platform has in each database, with its settings', async () => {
  const place = await make();
  const roles = await Promise.all(
    [place.uri, place.environment.DATABASE_AI_URL, place.environment.DATABASE_ANALYTICS_URL].map((uri) =>
      at(uri, async (client) => (await client.query('SELECT current_user AS role')).rows[0]?.role),
    ),
  );
  expect(roles).toEqual(['taishang_user', 'taishang_ai_user', 'taishang_analytics_user']);
  const settings = await at(place.uri, async (client) => {
    const { rows } = await client.query(
      "SELECT current_setting('lock_timeout') AS lock, current_setting('statement_timeout') AS statement, current_setting('work_mem') AS memory",
    );
    return rows[0];
  });
  expect(settings).toEqual({ lock: '7s', statement: '61s', memory: '5MB' });
});

test('a clone has the rights, the settings, the comment and the owner of its original, which clones do not take over', async () => {
  const place = await make();
  await at(place.environment.DATABASE_ANALYTICS_URL, (client) => client.query('SELECT 1'));
  await using opened = await openPrimary(running(), { database: 'postgres' });
  const outside = async (name: string) => {
    const server = await readServer(opened.client, [name]);
    const [database] = server.databases;
    const text = (values: readonly unknown[] = []) => values.map((value) => JSON.stringify(value)).toSorted();
    return {
      ...database,
      name: '',
      sizeBytes: 0,
      rights: text(database?.rights.filter(({ grantee }) => grantee !== place.id)),
      settings: text(
        server.settings.filter((setting) => setting.database === name).map((each) => ({ ...each, database: '' })),
      ),
    };
  };
  const users = await outside('taishang_users');
  expect(users.settings).toHaveLength(2);
  expect(users.comment).toBe('users of the platform');
  expect(await outside(`${place.id}_users`)).toEqual(users);
  expect(await outside(`${place.id}_analytics`)).toEqual(await outside('taishang_analytics'));
});

test('databases beside the first are made when somebody connects to them, and at once for several who do', async () => {
  const place = await make();
  const own = async () => (await placeDatabases()).filter((name) => name.startsWith(place.id));
  expect(await own()).toEqual([`${place.id}_users`]);
  const uri = place.environment.DATABASE_DATA_URL;
  const found = await Promise.all(
    [1, 2, 3].map(() =>
      at(uri, async (client) => (await client.query('SELECT current_database() AS name')).rows[0]?.name),
    ),
  );
  expect(found).toEqual(Array(3).fill(`${place.id}_data`));
  expect(await own()).toEqual([`${place.id}_data`, `${place.id}_users`]);
  expect(await places.verify(place)).toEqual([]);
  const lost = new URL(uri ?? '');
  lost.pathname = '/place_of_nobody';
  await expect(at(lost.href, async () => {})).rejects.toThrow(/does not exist/);
});

test("a place's login opens neither another place nor the stack's own databases", async () => {
  const [place, other] = await Promise.all([make(), make()]);
  for (const database of [`${other.id}_users`, ...databases]) {
    const uri = new URL(place.uri);
    uri.pathname = `/${database}`;
    await expect(
      at(uri.href, async () => {}),
      database,
    ).rejects.toThrow(/permission denied for database/);
  }
});

test('a reset gives back what there was, under the same address', async () => {
  const place = await make();
  await at(place.uri, (client) =>
    client.query(
      `DELETE FROM user_sessions; SET ROLE NONE; ALTER ROLE CURRENT_USER SET work_mem TO '9MB';
       ALTER ROLE CURRENT_USER PASSWORD 'another'`,
    ),
  );
  expect(await places.verify(place)).toEqual(expect.arrayContaining(['login: password', 'login: settings']));
  await untilDisconnected(place.id);
  expect(await places.reset(place)).toBe(true);
  expect(await places.verify(place)).toEqual([]);
  expect(await countOf(place.uri, 'users')).toBe(20);
});

test('what a test has used goes while the next one has its place, and nothing of it is left by its end', async () => {
  const place = await make();
  await at(place.environment.DATABASE_DATA_URL, (client) => client.query('SELECT 1'));
  await untilDisconnected(place.id);
  for (const _ of [1, 2]) expect(await places.reset(place)).toBe(true);
  const own = async () => (await placeDatabases()).filter((name) => name.startsWith(place.id));
  await poll(async () => String(await own()) === `${place.id}_users`, {
    timeoutMs: 60_000,
    onTimeout: (last) => new Error(`databases of the last test are left: ${last}`),
  });
  expect(await places.reset(place)).toBe(true);
  await places.drop(place);
  expect(await own()).toEqual([]);
});

test('a place in which somebody is still connected is not used again', async () => {
  const place = await make();
  await at(place.uri, async (client) => {
    expect(await places.reset(place)).toBe(false);
    await expect(client.query('SELECT 1')).rejects.toThrow();
  });
  await expect(at(place.uri, async () => {})).rejects.toThrow();
  expect(await placeDatabases()).not.toContain(`${place.id}_users`);
});

test('what keeps a database from being dropped is removed with it', async () => {
  const place = await make();
  await using admin = await openPrimary(running(), { database: `${place.id}_users` });
  await admin.client.query(
    "CREATE SUBSCRIPTION nowhere CONNECTION 'host=127.0.0.1 port=1 dbname=none' PUBLICATION none WITH (connect = false)",
  );
  await admin.client.query('ALTER DATABASE taishang_users ALLOW_CONNECTIONS true');
  await admin.client.query(`ALTER DATABASE "${place.id}_users" IS_TEMPLATE true CONNECTION LIMIT 0`);
  await places.drop(place);
  expect(await placeDatabases()).not.toContain(`${place.id}_users`);
});

test('templates are kept for the same content, made again for another one, also beside sessions, and the old ones go', async () => {
  const before = await templates();
  expect(before).toHaveLength(4);
  const again = await isolation.open(running(), { owner });
  expect(await templates()).toEqual(before);
  const uri = stack.uris.postgresql;
  // A service that stays connected: a copy of the files would have to wait until it goes.
  await at(uri, async (service) => {
    await service.query(
      `CREATE TABLE made_by_service (id serial, name text); INSERT INTO made_by_service (name) VALUES (1), (2);
       CREATE MATERIALIZED VIEW never_filled AS SELECT name FROM made_by_service WITH NO DATA`,
    );
    await using changed = await isolation.open(running(), { owner });
    const place = await changed.make();
    expect(await countOf(place.uri, 'made_by_service')).toBe(2);
    const original = await contentOf(running(), 'taishang_users', 'taishang_users');
    expect(await contentOf(running(), `${place.id}_users`, 'taishang_users')).toEqual(original);
    await changed.drop(place);
    await service.query('DROP TABLE made_by_service CASCADE');
    // The first ones are in use.
    expect((await templates()).filter((name) => before.includes(name))).toEqual(before);
    expect(await templates()).toHaveLength(5);
  });
  await again[Symbol.asyncDispose]();
  await using third = await isolation.open(running(), { owner });
  expect(third.capacity.places).toBeGreaterThan(0);
  expect(await templates()).toEqual(before);
});

test('a template is another one where something is otherwise that a fingerprint knows by its name alone', async () => {
  const content = () => contentOf(running(), 'taishang_users', 'taishang_users');
  const untouched = await content();
  await using opened = await openPrimary(running(), { database: 'taishang_users' });
  const { client } = opened;
  await client.query(
    `CREATE TEXT SEARCH CONFIGURATION searched (COPY = simple); CREATE TABLE parted (a int, b int) PARTITION BY LIST (a);
     CREATE AGGREGATE added (int) (SFUNC = int4pl, STYPE = int, INITCOND = '0');
     CREATE FOREIGN DATA WRAPPER wrapper; CREATE SERVER elsewhere FOREIGN DATA WRAPPER wrapper OPTIONS (host 'one')`,
  );
  for (const change of [
    'ALTER TEXT SEARCH CONFIGURATION searched ALTER MAPPING FOR asciiword WITH english_stem',
    'DROP TABLE parted; CREATE TABLE parted (a int, b int) PARTITION BY LIST (b)',
    "CREATE OR REPLACE AGGREGATE added (int) (SFUNC = int4pl, STYPE = int, INITCOND = '1')",
    "ALTER SERVER elsewhere OPTIONS (SET host 'another')",
    "CREATE USER MAPPING FOR taishang_user SERVER elsewhere OPTIONS (name 'somebody')",
  ]) {
    const before = await content();
    await client.query(change);
    expect(differencesBetween(before, await content()), change).toEqual(['taishang_users definitions of rarer things']);
  }
  await client.query(
    `DROP TEXT SEARCH CONFIGURATION searched; DROP TABLE parted; DROP AGGREGATE added (int);
     DROP FOREIGN DATA WRAPPER wrapper CASCADE`,
  );
  expect(await content()).toEqual(untouched);
});

test('two who open places at once make each template once', async () => {
  await administer('COMMENT ON DATABASE taishang_ai IS NULL');
  await at(stack.uris.postgresql, (client) => client.query('CREATE TABLE at_once (id int)'));
  const opened = await Promise.all([1, 2].map(() => isolation.open(running(), { owner })));
  const made = await Promise.all(opened.map((each) => each.make()));
  for (const [index, place] of made.entries()) {
    expect(await countOf(place.uri, 'at_once')).toBe(0);
    await opened[index]?.drop(place);
  }
  await Promise.all(opened.map((each) => each[Symbol.asyncDispose]()));
  await at(stack.uris.postgresql, (client) => client.query('DROP TABLE at_once'));
  // Whoever opens next takes the templates of before away.
  await using _ = await isolation.open(running(), { owner });
});

test('a sweep removes the places of a dead process, and nothing that only looks like one', async () => {
  const dead: PlaceOwner = { pid: process.pid, startedAtMs: 2 };
  const left = await isolation.open(running(), { owner: dead });
  const [abandoned, kept] = [await left.make(), await make()];
  await at(abandoned.environment.DATABASE_DATA_URL, (client) => client.query('SELECT 1'));
  const stranger = `place_00000000_1_1_00000000`;
  await administer(
    `CREATE ROLE ${stranger}; CREATE ROLE place_mine; COMMENT ON ROLE ${stranger} IS 'taishang sandbox: place'`,
  );
  await administer(`CREATE ROLE ${kept.id.replace(/_[^_]+_[^_]+$/, '_2_00000000')}`);
  await administer(`CREATE DATABASE ${stranger}_users`);
  await administer(`CREATE DATABASE ${abandoned.id}_of_mine`);
  // Of a broker that was killed before it had dropped what a test has used.
  await administer(`CREATE DATABASE ${abandoned.id}_users_gone`);
  const isAlive = ({ startedAtMs }: PlaceOwner) => startedAtMs !== dead.startedAtMs;
  expect(await isolation.sweep(running(), isAlive)).toBe(1);
  expect((await placeDatabases()).toSorted()).toEqual(
    [`${kept.id}_users`, `${abandoned.id}_of_mine`, `${stranger}_users`].toSorted(),
  );
  expect(await isolation.sweep(running(), isAlive)).toBe(0);
  await left[Symbol.asyncDispose]();
  for (const name of [`${abandoned.id}_of_mine`, `${stranger}_users`]) await administer(`DROP DATABASE ${name}`);
  const roles = await names("SELECT rolname AS name FROM pg_roles WHERE rolname LIKE 'place\\_%'");
  expect(roles).toHaveLength(4);
  await administer(`DROP ROLE ${roles.filter((role) => role !== kept.id).join(', ')}`);
});

test('the connections of the server bound how many places there are, and those of one place its own', async () => {
  const [, free] =
    /^100 connections of the server, (\d+) of them free, 10 for each place$/.exec(places.capacity.boundBy) ?? [];
  expect(places.capacity.places).toBe(Math.floor((Number(free) - ownConnections) / 10));
  await using one = await isolation.open(running(), { owner, maximum: 1 });
  expect(one.capacity).toEqual({ places: 1, boundBy: 'at most 1 asked for' });
  const place = await make();
  // One after the other: of those that come at the same time the server may refuse more (its `InitializeSessionUserId`).
  await using clients = new AsyncDisposableStack();
  const refused: string[] = [];
  for (let tried = 0; tried < 12; tried += 1) {
    const client = clients.adopt(new Client({ connectionString: place.uri }), (each) => each.end().catch(() => {}));
    client.on('error', () => {});
    await client.connect().catch((thrown) => refused.push(String(thrown)));
  }
  expect(refused).toHaveLength(2);
  expect(refused[0]).toMatch(/too many connections for role/);
});

test('what others give back can be had by places that were opened beside it', async () => {
  const held = [await places.make(), await places.make()];
  await using beside = await isolation.open(running(), { owner });
  const own = await beside.make();
  await Promise.all(held.map((place) => places.drop(place)));
  // Of the two, connections of this process for its own work may take one.
  expect((await beside.recount?.())?.places).toBeGreaterThan(beside.capacity.places);
  await beside.drop(own);
});

async function untilDisconnected(role: string): Promise<void> {
  await expect.poll(() => names(`SELECT usename AS name FROM pg_stat_activity WHERE usename = '${role}'`)).toEqual([]);
}

async function withClient<Value>(pool: Pool, work: (client: PoolClient) => Promise<Value>): Promise<Value> {
  const client = await pool.connect();
  try {
    return await work(client);
  } finally {
    client.release(true);
  }
}

const firstValue = async (client: Pool | PoolClient, query: string) =>
  Object.values((await client.query(query)).rows[0] ?? {})[0];

test('a session that is rolled back takes back what a test did, and nobody else sees it', async () => {
  const place = await make();
  await using session = await rolledBack.open(place);
  const held = await countOf(place.uri, 'user_preferences');
  await session.client.query('CREATE SEQUENCE numbers');
  await session.client.query('SELECT pg_advisory_lock(1); SET work_mem TO 1234; DELETE FROM user_preferences');
  expect(await firstValue(session.client, 'SELECT count(*) FROM user_preferences')).toBe('0');
  expect(await countOf(place.uri, 'user_preferences')).toBe(held);
  expect(await firstValue(session.client, 'SELECT now()')).toEqual(await firstValue(session.client, 'SELECT now()'));
  await expect(session.client.query('VACUUM')).rejects.toThrow(/transaction block|subtransaction/);
  await session.takeBack();
  expect(await firstValue(session.client, 'SELECT count(*) FROM user_preferences')).toBe(String(held));
  expect(await firstValue(session.client, "SELECT to_regclass('numbers')")).toBeNull();
  expect(await firstValue(session.client, 'SHOW work_mem')).toBe('5MB');
  expect(await firstValue(session.client, 'SELECT current_user')).toBe('taishang_user');
  const free = 'SELECT pg_try_advisory_lock(1) AS free';
  expect(await at(place.uri, async (other) => (await other.query(free)).rows[0]?.free)).toBe(true);
});

test('transactions of the work itself commit and roll back within it, as they do elsewhere', async () => {
  const place = await make();
  await using session = await rolledBack.open(place);
  const { client: pool } = session;
  const numbers = async () =>
    (await pool.query('SELECT number FROM numbers ORDER BY number')).rows.map((row) => row.number);
  await pool.query('CREATE TABLE numbers (number int UNIQUE DEFERRABLE INITIALLY DEFERRED)');
  const [one, other] = [await pool.connect(), await pool.connect()];
  await one.query('BEGIN');
  await one.query('INSERT INTO numbers VALUES ($1)', [1]);
  // Which BEGIN and ROLLBACK are meant, not their spelling.
  await one.query('/* the end */ commit work;');
  await one.query('start transaction isolation level serializable');
  await one.query('INSERT INTO numbers VALUES (2)');
  await expect(other.query('BEGIN')).rejects.toMatchObject({
    code: 'NOT_SUPPORTED',
    message: expect.stringMatching(/at once/),
  });
  await one.query('SAVEPOINT own');
  await expect(one.query('SELECT 1 / 0')).rejects.toThrow(/division by zero/);
  await expect(one.query('SELECT 1')).rejects.toThrow(/transaction is aborted/);
  await one.query('ROLLBACK TO own');
  await one.query('ROLLBACK');
  expect(await numbers()).toEqual([1]);
  await one.query('BEGIN');
  await one.query('INSERT INTO numbers VALUES (1)');
  await expect(one.query('COMMIT')).rejects.toThrow(/duplicate key/);
  await one.query('BEGIN');
  await expect(one.query('SELECT 1 / 0')).rejects.toThrow(/division by zero/);
  expect((await one.query('COMMIT')).command).toBe('ROLLBACK');
  // Without a transaction a statement that fails is the only one.
  await expect(pool.query('SELECT 1 / 0')).rejects.toThrow(/division by zero/);
  await Promise.allSettled([2, 'none', 3].map((number) => pool.query('INSERT INTO numbers VALUES ($1)', [number])));
  expect(await numbers()).toEqual([1, 2, 3]);
  // A client that is thrown away takes its transaction with it.
  await other.query('BEGIN');
  await other.query('DELETE FROM numbers');
  other.release(true);
  expect(await numbers()).toEqual([1, 2, 3]);
  const calledBack = new Promise((resolve, reject) => {
    one.query('SELECT 4 AS four', (thrown: Error, result: QueryResult) =>
      thrown ? reject(thrown) : resolve(result.rows),
    );
  });
  expect(await calledBack).toEqual([{ four: 4 }]);
  for (const text of [
    'COMMIT AND CHAIN',
    "PREPARE TRANSACTION 'x'",
    'BEGIN; SELECT 1; COMMIT',
    "COMMIT PREPARED 'x'",
  ]) {
    await expect(pool.query(text), text).rejects.toMatchObject({ code: 'NOT_SUPPORTED' });
  }
  expect(await numbers()).toEqual([1, 2, 3]);
  await session.takeBack();
  expect(await firstValue(session.client, "SELECT to_regclass('numbers')")).toBeNull();
  await expect(one.query('SELECT 1')).rejects.toMatchObject({ code: 'LEASE_NOT_FOUND' });
});

test('what a test has begun and not awaited ends with its client, whether it is connected by then or not', async () => {
  const opened = await isolation.connect(await make());
  const held = await opened.client.connect();
  const begun = Promise.allSettled([held, opened.client].map((each) => each.query('SELECT pg_sleep(600)')));
  await opened[Symbol.asyncDispose]();
  expect((await begun).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
});

test('a session that its server has ended is said to be so', async () => {
  const place = await make();
  const session = await rolledBack.open(place);
  await session.client.query('SELECT 1');
  await administer(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${place.id}'`);
  await expect.poll(() => session.isOpen()).toBe(false);
  await expect(session.takeBack()).rejects.toMatchObject({ code: 'LEASE_LOST', engine: 'postgresql' });
});

test("the work's own COMMIT fires a deferred trigger once, and defers it again as it was declared", async () => {
  const place = await make();
  await using session = await rolledBack.open(place);
  const { client: pool } = session;
  const work = (...statements: readonly string[]) =>
    withClient(pool, async (client) => {
      for (const statement of ['BEGIN', ...statements, 'COMMIT']) await client.query(statement);
    });
  const fired = () => firstValue(pool, "SELECT string_agg(word, ' ' ORDER BY number) FROM fired");
  await pool.query(`
    CREATE TABLE fired (number serial, word text);
    CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
      'BEGIN INSERT INTO fired (word) VALUES (NEW.word); RETURN NULL; END';
    CREATE SCHEMA other;
    CREATE TABLE other."Said" (word text UNIQUE DEFERRABLE INITIALLY IMMEDIATE);
    CREATE CONSTRAINT TRIGGER "notes it" AFTER INSERT ON other."Said" DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW EXECUTE FUNCTION note()`);
  const say = (word: string) => `INSERT INTO other."Said" VALUES ('${word}')`;
  await work(say('one'), "INSERT INTO fired (word) VALUES ('before')");
  expect(await fired()).toBe('before one');
  // What the work has deferred by itself is so until its COMMIT.
  await work('SET CONSTRAINTS ALL DEFERRED', say('two'), say('two'), `DELETE FROM other."Said" WHERE word = 'two'`);
  expect(await fired()).toBe('before one two two');
  await expect(work(say('one'), 'SELECT 1')).rejects.toThrow(/duplicate key/);
  await work(
    'CREATE TABLE later (number int UNIQUE DEFERRABLE INITIALLY DEFERRED)',
    'INSERT INTO later VALUES (1), (1)',
    'DELETE FROM later',
  );
  await expect(work('INSERT INTO later VALUES (2), (2)')).rejects.toThrow(/duplicate key/);
  expect(await fired()).toBe('before one two two');
  await work("SET LOCAL work_mem TO '7777kB'");
  expect(await firstValue(pool, 'SHOW work_mem')).toBe('7777kB');
});

test('NOTIFY of work that is rolled back reaches nobody', async () => {
  const place = await make();
  await using session = await rolledBack.open(place);
  const heard: string[] = [];
  await at(place.uri, async (listener) => {
    listener.on('notification', ({ channel }) => heard.push(channel));
    await listener.query('LISTEN tests');
    await session.client.query('NOTIFY tests');
    await session.takeBack();
    await listener.query('SELECT 1');
  });
  expect(heard).toEqual([]);
});
