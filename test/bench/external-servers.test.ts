import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ExternalServer, externalTarget, refuseMissing } from '../../bench/measure/external-servers.ts';
import { runBenchmarks } from '../../bench/run-benchmarks.ts';
import { parseUrls } from '../../sandbox/commands/bench/bench-urls.ts';
import { openPrimary } from '../../sandbox/engines/postgresql/server/connection.ts';
import { createStack, type Stack } from '../../sandbox/stack/create-stack.ts';
import { createDataset } from '../../seeds/create-dataset.ts';
import { type Whole, wholeEngines } from '../support/whole-engines.ts';

/** The index over vectors takes longer than all else: with fewer, searches would not use it. */
const size = { knowledge: 1_080 };
const dataset = createDataset({ size });
const quick = { warmUpMs: 20, measureMs: 120 };
let stack: Stack<'postgresql' | 'redis'>;
let engines: readonly Whole[];

beforeAll(async () => {
  [stack, engines] = await Promise.all([
    createStack({ engines: ['postgresql', 'redis'], dataset }),
    wholeEngines(['postgresql', 'redis']),
  ]);
});
afterAll(() => stack?.dispose());

/** Addresses alone: nothing else of the stack reaches the benchmark. */
function servers(): readonly ExternalServer[] {
  const { secrets, nodes } = stack.engines.postgresql;
  const url = `postgresql://postgres:${secrets.postgres}@127.0.0.1:${nodes[0]?.port}`;
  const urls: Readonly<Record<string, string>> = { postgresql: url, redis: stack.environment.REDIS_URL ?? '' };
  return engines.map((engine) => ({ engine, url: urls[engine.name] ?? '' }));
}

function passwords(): readonly string[] {
  return Object.values(stack.engines).flatMap(({ secrets }) => Object.values(secrets));
}

test('paths that read are measured on servers by their addresses, with plans and answers, and nothing else', async () => {
  const target = await externalTarget(servers(), { dataset });
  await refuseMissing(target, []);
  const report = await runBenchmarks({ ...target, ...quick });
  expect(report.paths).toHaveLength(13);
  expect(report.paths.filter(({ plan, answer }) => plan.ok !== true || answer.ok !== true)).toEqual([]);
  expect(new Set(report.paths.map(({ origin }) => origin))).toEqual(new Set(['external']));
  expect(report.notRun.map(({ path }) => path)).toEqual([
    'preference upsert',
    'expired-session sweep',
    'warm-up of users',
    'lock and unlock',
    'user profile page',
    'retrieval for an answer',
  ]);
  for (const { engine, reason } of report.notRun) {
    expect(reason).toContain(engine === 'across stores' ? 'it goes through' : '--confirm-writes');
  }
  expect(report.environment.servers.postgresql).toMatch(/^17.* \(external\)$/);
  expect(passwords().filter((password) => JSON.stringify(report).includes(password))).toEqual([]);
});

test('paths that write do so once it is confirmed, and leave the data as it was', async () => {
  const before = await Promise.all(engines.map((engine) => engine.data.fingerprint(runningOf(engine))));
  const target = await externalTarget(servers(), { dataset, confirmedWrites: true });
  const paths = ['preference upsert', 'expired-session sweep', 'warm-up of users', 'lock and unlock'];
  await refuseMissing(target, paths);
  const report = await runBenchmarks({ ...target, ...quick, paths });
  expect(report.paths.map(({ path }) => path)).toEqual(paths);
  expect(report.paths.filter(({ plan, answer }) => plan.ok !== true || answer.ok !== true)).toEqual([]);
  const after = await Promise.all(engines.map((engine) => engine.data.fingerprint(runningOf(engine))));
  expect(after.map(({ parts }) => parts)).toEqual(before.map(({ parts }) => parts));
});

function runningOf({ name }: Whole) {
  return name === 'postgresql' ? stack.engines.postgresql : stack.engines.redis;
}

test('answers of a server that holds other data are not checked, which is no pass', async () => {
  const target = await externalTarget(servers(), { dataset: createDataset({ size, seed: 7 }) });
  const report = await runBenchmarks({ ...target, ...quick, paths: ['user by e-mail', 'cached user', 'nearby users'] });
  expect(report.environment.dataset).toBeNull();
  for (const { plan, answer } of report.paths) {
    expect(plan.ok).toBe(true);
    expect(answer).toMatchObject({ ok: null, actual: expect.stringContaining('not checked') });
  }
});

describe('refused before anything is run', () => {
  test('a path that writes and is named without the confirmation', async () => {
    const target = await externalTarget(servers(), { dataset });
    await expect(refuseMissing(target, ['lock and unlock'])).rejects.toMatchObject({ code: 'BAD_OPTION' });
  });

  test('a server without a table that a path needs, and with what is possible', async () => {
    await using opened = await openPrimary(stack.engines.postgresql, { database: 'taishang_data' });
    await opened.client.query('ALTER TABLE user_locations RENAME TO hidden');
    try {
      const target = await externalTarget(servers(), { dataset });
      await expect(refuseMissing(target, [])).rejects.toMatchObject({
        code: 'BENCH_SCHEMA_MISSING',
        message: 'The servers lack table taishang_data.user_locations.',
        next: expect.stringContaining('"user by e-mail"'),
        evidence: 'postgresql / nearby users: table taishang_data.user_locations',
      });
      await refuseMissing(target, ['user by e-mail']);
    } finally {
      await opened.client.query('ALTER TABLE hidden RENAME TO user_locations');
    }
  });

  test('a server that refuses the password, which is in no message', async () => {
    const [first] = servers();
    if (first === undefined) throw new Error('there is a server');
    const url = first.url.replace(/:[^:@]*@/, ':s3cret-0f-somebody@');
    const thrown = await externalTarget([{ ...first, url }], { dataset }).catch((error) => error);
    expect(thrown).toMatchObject({ code: 'BENCH_SERVER_UNREACHABLE' });
    expect(JSON.stringify({ ...thrown, message: thrown.message })).not.toContain('s3cret');
  });
});

describe('addresses', () => {
  test('come from a variable or a file, or from the command line without a password', async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'address');
    await writeFile(file, 'postgres://user:secret@db.example:5432/app\n', { mode: 0o600 });
    process.env.BENCH_TEST_REDIS = 'redis://:secret@cache.example:6379';
    const parsed = await parseUrls([
      `postgresql=file:${file}`,
      'redis=env:BENCH_TEST_REDIS',
      'qdrant=http://vectors.example:6333',
    ]);
    delete process.env.BENCH_TEST_REDIS;
    expect(parsed.map(({ engine, url }) => [engine.name, url])).toEqual([
      ['postgresql', 'postgres://user:secret@db.example:5432/app'],
      ['redis', 'redis://:secret@cache.example:6379'],
      ['qdrant', 'http://vectors.example:6333'],
    ]);
  });

  test.each([
    ['a password in the arguments', ['redis=redis://:s3cret@127.0.0.1:1']],
    ['another protocol', ['redis=http://127.0.0.1:1']],
    ['no address', ['redis=s3cret']],
    ['no engine', ['oracle=oracle://127.0.0.1']],
    ['a variable that is not set', ['redis=env:BENCH_TEST_NOT_SET']],
    ['a file that is not there', ['redis=file:/nowhere/address']],
    ['two servers of one engine', ['redis=redis://127.0.0.1:1', 'redis=redis://127.0.0.1:2']],
  ])('are refused: %s', async (_, texts) => {
    const thrown = await parseUrls(texts).catch((error) => error);
    expect(thrown).toMatchObject({ code: 'BAD_OPTION' });
    expect(`${thrown.message} ${thrown.next}`).not.toContain('s3cret');
  });
});

async function temporaryFolder() {
  const path = await mkdtemp(join(tmpdir(), 'bench-address-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}
