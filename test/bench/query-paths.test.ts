import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { recallOfPath } from '../../bench/measure/recall.ts';
import { choosePaths, runnable, type Subject } from '../../bench/measure/subjects.ts';
import { usersByActivity } from '../../sandbox/engines/contract/bench/path-parameters.ts';
import { defaultEngines } from '../../sandbox/engines/engine-names.ts';
import { noTextIndexes } from '../../sandbox/engines/mongodb/schema/collections.ts';
import { databaseName, withClient } from '../../sandbox/engines/mongodb/server/connection.ts';
import { planOf } from '../../sandbox/engines/postgresql/bench/query-paths/plan.ts';
import { tableLoads } from '../../sandbox/engines/postgresql/data/rows.ts';
import { openPrimary } from '../../sandbox/engines/postgresql/server/connection.ts';
import { createStack, type Stack } from '../../sandbox/stack/create-stack.ts';
import { createDataset } from '../../seeds/create-dataset.ts';
import { type Whole, wholeEngines } from '../support/whole-engines.ts';
import { check } from './support/checked-paths.ts';

const dataset = createDataset({ size: 'small' });
let stack: Stack<(typeof defaultEngines)[number]>;
let engines: readonly Whole[];

beforeAll(async () => {
  [stack, engines] = await Promise.all([
    createStack({ engines: defaultEngines, size: 'small' }),
    wholeEngines(defaultEngines),
  ]);
});
afterAll(() => stack?.dispose());

const running = () => new Map(Object.entries(stack.engines));

function subjectsOf(engine: string): readonly Subject[] {
  return choosePaths({ engines, dataset, running: running() }, 0).filter((subject) => subject.engine === engine);
}

const pathsOf: Readonly<Record<string, number>> = {
  postgresql: 12,
  mongodb: 7,
  neo4j: 4,
  redis: 5,
  qdrant: 4,
  'across stores': 2,
};

describe.each(Object.keys(pathsOf))('%s', (engine) => {
  test('has its plan and its answers on every path, and its data afterwards as before', async () => {
    const own = engines.find(({ name }) => name === engine);
    const up = running().get(engine);
    const fingerprint = async () =>
      own === undefined || up === undefined ? {} : (await own.data.fingerprint(up)).parts;
    const before = await fingerprint();
    const all = subjectsOf(engine);
    expect(all).toHaveLength(pathsOf[engine] ?? 0);
    const { subjects, notRun } = await runnable(all);
    const isStandIn = all.some(({ origin }) => origin === 'compatible');
    const textSearch = { engine, path: 'contents by their text', reason: noTextIndexes };
    expect(notRun).toEqual(engine === 'mongodb' && isStandIn ? [textSearch] : []);
    const checked = await check(subjects);
    expect(checked.filter(({ plan, answer }) => plan.ok === false || answer.ok !== true)).toEqual([]);
    const notTold = checked.filter(({ plan }) => plan.ok === null).map(({ path }) => path);
    expect(notTold).toEqual(engine === 'mongodb' && isStandIn ? ['cleanup of old data'] : []);
    expect(await fingerprint()).toEqual(before);
  });
});

describe('a load ends in the state in which its store stays', () => {
  const report = { advance: () => {}, summarise: () => {} };

  test('postgresql: autovacuum finds nothing to do, and no plan changes with what it would do', async () => {
    const { postgresql } = stack.engines;
    await engines.find(({ name }) => name === 'postgresql')?.data.load(postgresql, dataset, report);
    for (const database of new Set(tableLoads.map((load) => load.database))) {
      await using opened = await openPrimary(postgresql, { database });
      const { rows } = await opened.client.query<{ relname: string }>(
        `SELECT relname FROM pg_stat_user_tables
         WHERE schemaname = 'public' AND relname = ANY ($1)
           AND (last_vacuum IS NULL OR last_analyze IS NULL OR n_ins_since_vacuum + n_mod_since_analyze + n_dead_tup > 0)`,
        [tableLoads.filter((load) => load.database === database).map(({ table }) => table)],
      );
      expect(rows).toEqual([]);
    }
    const plans = async () =>
      (await check(subjectsOf('postgresql'))).map(({ path, plan }) => `${path}: ${plan.actual}`);
    const before = await plans();
    for (const database of new Set(tableLoads.map((load) => load.database))) {
      await using opened = await openPrimary(postgresql, { database });
      await opened.client.query('VACUUM (ANALYZE)');
    }
    expect(await plans()).toEqual(before);
  });
});

test('a path declares all three kinds of parameters, an objective, and what it writes where it does', () => {
  const all = choosePaths({ engines, dataset, running: running() }, 0);
  for (const { path } of all) {
    const shares = Object.values(path.shares);
    expect(shares.reduce((sum, share) => sum + share)).toBeCloseTo(1);
    expect(Math.min(...shares)).toBeGreaterThan(0);
    expect(path.objective.p99Ms).toBeGreaterThan(0);
  }
  expect(all.filter(({ path }) => path.writes !== undefined).map(({ path }) => path.name)).toEqual([
    'preference upsert',
    'expired-session sweep',
    'cleanup of old data',
    'warm-up of users',
    'lock and unlock',
  ]);
});

test('the path whose index is dropped fails by its plan, and no other', async () => {
  const { postgresql } = stack.engines;
  await using opened = await openPrimary(postgresql, { database: 'taishang_data' });
  const { rows } = await opened.client.query<{ definition: string }>(
    "SELECT pg_get_indexdef('idx_user_locations_position'::regclass) AS definition",
  );
  await opened.client.query('DROP INDEX idx_user_locations_position');
  try {
    const wrong = (await check(subjectsOf('postgresql'))).filter(({ plan }) => !plan.ok);
    expect(wrong).toMatchObject([
      { path: 'nearby users', plan: { ok: false, actual: 'Seq Scan on user_locations (hot)' }, answer: { ok: true } },
    ]);
  } finally {
    await opened.client.query(rows[0]?.definition ?? '');
  }
});

test('many rows may be read in the order of the answer, but few may not', async () => {
  const { postgresql } = stack.engines;
  await using opened = await openPrimary(postgresql, { database: 'taishang_users' });
  const { client } = opened;
  await client.query(
    `CREATE TEMPORARY TABLE cells AS SELECT id, id % 6 AS level, id / 6 % 36 AS rest FROM generate_series(1, 60000) AS id;
     ALTER TABLE cells ADD CONSTRAINT cells_in_order PRIMARY KEY (id);
     CREATE INDEX cells_by_level ON cells (level);
     ANALYZE cells`,
  );
  const statement = 'SELECT id FROM cells WHERE level = $1 AND rest = $2 ORDER BY id LIMIT 50';
  await client.query({ name: 'cells', text: statement, values: [1, 1] });
  const planWith = (rows: number) =>
    planOf({
      client,
      name: 'cells',
      statement,
      values: [1, 1],
      uses: { indexes: [['cells_by_level']], orInOrder: { index: 'cells_in_order', table: 'cells', rows } },
    });
  expect(await planWith(60_000)).toMatchObject({
    ok: true,
    actual: expect.stringContaining('right from 60,000 rows on'),
  });
  expect(await planWith(60_001)).toMatchObject({ ok: false, actual: 'Index Scan on cells_in_order' });
});

test('a small table may be read whole, but not without the index that serves the statement', async () => {
  const { postgresql } = stack.engines;
  await using opened = await openPrimary(postgresql, { database: 'taishang_ai' });
  const subjects = subjectsOf('postgresql').filter(({ path }) => path.name.startsWith('similar embeddings'));
  const { rows } = await opened.client.query<{ definition: string }>(
    "SELECT pg_get_indexdef('idx_knowledge_embeddings_cosine'::regclass) AS definition",
  );
  await opened.client.query('DROP INDEX idx_knowledge_embeddings_cosine');
  try {
    expect((await check(subjects)).map(({ plan }) => plan.ok)).toEqual([false, false]);
  } finally {
    await opened.client.query(rows[0]?.definition ?? '');
  }
});

test('every search by vectors tells its recall at ten, which a search that is too narrow loses', async () => {
  const vectors = [...subjectsOf('postgresql'), ...subjectsOf('qdrant')].filter(({ path }) =>
    path.name.startsWith('similar'),
  );
  const recalls = new Map<string, number>();
  for (const { engine, path, prepare } of vectors) {
    await using prepared = await prepare();
    if (prepared.recall === undefined) continue;
    const { recall, k } = await recallOfPath(prepared.recall, new AbortController().signal);
    expect(k).toBe(10);
    expect(recall, path.name).toBeGreaterThanOrEqual(0.9);
    if (path.name === 'similar embeddings') {
      const narrow = await recallOfPath({ ...prepared.recall, ownEf: 1 }, new AbortController().signal);
      expect(narrow.recall).toBeLessThan(0.2);
    }
    recalls.set(`${engine} / ${path.name}`, recall);
  }
  expect([...recalls.keys()]).toEqual([
    'postgresql / similar embeddings',
    'postgresql / similar embeddings of a category',
    'qdrant / similar knowledge',
    'qdrant / similar knowledge of a level and category',
    'qdrant / similar users',
  ]);
});

test('the paths that show a damaged row fail by their answer, and no other', async () => {
  const [busiest] = await usersByActivity(dataset);
  const { postgresql } = stack.engines;
  await using opened = await openPrimary(postgresql, { database: 'taishang_users' });
  const set = (sql: string) => opened.client.query(`UPDATE users SET ${sql} WHERE id = $1`, [busiest]);
  await set("status = CASE status WHEN 'active' THEN 'suspended' ELSE 'active' END");
  try {
    const wrong = (await check(subjectsOf('postgresql'))).filter(({ answer }) => !answer.ok);
    expect(wrong.map(({ path }) => path)).toEqual(['user by e-mail', 'user by user name', 'session by token']);
    for (const { plan } of wrong) expect(plan.ok).toBe(true);
  } finally {
    await set("status = CASE status WHEN 'active' THEN 'suspended' ELSE 'active' END");
  }
});

test('a document too many fails the path that counts them', async () => {
  const { mongodb } = stack.engines;
  const contents = { user_id: 'nobody', content_type: 'note', title: '', created_at: new Date(0) };
  const statistics = subjectsOf('mongodb').filter(({ path }) => path.name === 'statistics of contents');
  const { insertedId } = await withClient(mongodb, async (_, client) =>
    client.db(databaseName).collection('user_contents').insertOne(contents),
  );
  const [checked] = await check(statistics);
  await withClient(mongodb, (_, client) =>
    client.db(databaseName).collection('user_contents').deleteOne({ _id: insertedId }),
  );
  expect(checked).toMatchObject({ plan: { ok: true }, answer: { ok: false } });
});

test('caches that have expired are a reason not to run, and never a wrong answer', async () => {
  const client = stack.clients.redis;
  const keys = await client.keys('conversation:*');
  const entries = await Promise.all(
    keys.map(async (key) => [key, await client.get(key), await client.ttl(key)] as const),
  );
  for (const key of keys) await client.unlink(key);
  const { subjects, notRun } = await runnable(subjectsOf('redis'));
  for (const [key, value, seconds] of entries) await client.set(key, value ?? '', 'EX', seconds);
  expect(subjects).toHaveLength(4);
  expect(notRun).toMatchObject([{ path: 'cached conversation', reason: expect.stringContaining('sandbox -- seed') }]);
});

test('every engine says the settings that decide about speed, and no password', async () => {
  for (const engine of engines) {
    const up = running().get(engine.name);
    if (up === undefined || engine.bench.serverSettings === undefined)
      throw new Error(`${engine.name} has no settings`);
    const settings = await engine.bench.serverSettings(up);
    expect(Object.keys(settings).length, engine.name).toBeGreaterThan(0);
    const text = JSON.stringify(settings);
    expect(Object.values(up.secrets).filter((secret) => text.includes(secret))).toEqual([]);
  }
});
