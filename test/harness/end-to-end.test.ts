import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { poll } from '../../sandbox/core/poll.ts';
import { listLeases } from '../../sandbox/harness/looked-at.ts';
import { openHarness } from '../../sandbox/harness/open-harness.ts';
import { stackIdentity } from '../../sandbox/stack/state/stack-identity.ts';
import { runCommand, runForDocument, runForError, type StackFolder, stackFolder } from '../support/command.ts';

let folder: StackFolder;

beforeAll(async () => {
  folder = await stackFolder();
  const up = await folder.run('up', '--engines', 'postgresql', '--size', 'none');
  expect(up.exitCode, up.stderr).toBe(0);
});

afterAll(async () => {
  await folder?.[Symbol.asyncDispose]();
});

const inFolder = {
  get cwd() {
    return folder.path;
  },
};
const leases = async () => (await listLeases(stackIdentity({ directory: folder.path }))).leases;

/** Runs files of cases with Vitest, as a project of a user does. */
async function runCases(files: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const meeting = await mkdtemp(join(tmpdir(), 'taishang-cases-'));
  try {
    const program = join(import.meta.dirname, 'support/run-cases.ts');
    const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('VITEST')));
    return await execa(process.execPath, [program, folder.path, ...files], {
      env: { ...own, ...environment, CASES_FOLDER: meeting },
      extendEnv: false,
      all: true,
      reject: false,
    });
  } finally {
    await rm(meeting, { recursive: true });
  }
}

test('two files that take the same lock at the same time do not meet, and do where they share a store', async () => {
  const leased = await runCases(['one', 'other']);
  expect(leased.exitCode, leased.all).toBe(0);
  expect(leased.all).toMatch(/2 passed/);
  const shared = await runCases(['one', 'other'], { CASES_SHARED: '1' });
  expect(shared.exitCode, shared.all).toBe(1);
  expect(shared.all).toMatch(/1 failed/);
});

test('a test that fails keeps its stores, says how to open them, and they outlive the run', async () => {
  const before = new Set((await leases()).map(({ id }) => id));
  const { exitCode, all } = await runCases(['fails'], {
    SANDBOX_VERIFY_ISOLATION: '1',
    SANDBOX_QUERY_INSIGHT: '1',
  });
  expect(exitCode, all).toBe(1);
  expect(all).toMatch(/1 failed.*2 passed/);
  // Of what a test asked, and of the one that asked it alone; a machine that is busy makes any of them slow.
  expect(all).toMatch(
    /Queries of ".*leaves a table":\n(?: +postgresql: slow.*\n)* +postgresql: no index, reads all of users, for .*: select email/,
  );
  expect(all?.match(/^ +postgresql: (?!slow).*/gm), all).toHaveLength(1);
  const [, id = ''] = /lease open ([0-9a-f]{8})/.exec(all ?? '') ?? [];
  expect((await leases()).filter((lease) => !before.has(lease.id))).toMatchObject([
    { id, state: 'kept', label: expect.stringContaining('finds none, and fails') },
  ]);
  const query = "select to_regclass('of_the_failed_test') is not null as found";
  const looked = await runCommand(['lease', 'open', id, '--', process.execPath, '-e', queryProgram, query], inFolder);
  expect(looked.stdout, looked.stderr).toBe('[{"found":true}]\n');
  expect(await runForDocument(['lease', 'drop', id], inFolder)).toMatchObject({ dropped: [id] });
  expect(await runForError(['lease', 'open', id], inFolder)).toMatchObject({ exitCode: 1, code: 'LEASE_NOT_FOUND' });
});

test('a test lets its own store fail, is given a user all the same, and the next one finds neither', async () => {
  const { exitCode, all } = await runCases(['faults'], { SANDBOX_VERIFY_ISOLATION: '1' });
  expect(exitCode, all).toBe(0);
  expect(all).toMatch(/2 passed/);
});

/** A service, as far as it matters: it takes its addresses from the environment, all four of them. */
const queryProgram = `
  const { Client } = require(${JSON.stringify(join(import.meta.dirname, '../../node_modules/pg'))});
  const { DATABASE_URL, DATABASE_AI_URL, DATABASE_DATA_URL, DATABASE_ANALYTICS_URL } = process.env;
  const ask = async (connectionString, text) => {
    const client = new Client({ connectionString });
    await client.connect();
    const { rows } = await client.query(text);
    await client.end();
    return rows;
  };
  (async () => {
    for (const url of [DATABASE_AI_URL, DATABASE_DATA_URL, DATABASE_ANALYTICS_URL]) await ask(url, 'select 1');
    console.log(JSON.stringify(await ask(DATABASE_URL, process.argv[1])));
  })();
`;

test('a command has stores of its own, which are given back when it ends, and kept where it fails', async () => {
  const query = 'create table of_a_command ()';
  const command = ['--', process.execPath, '-e', queryProgram, query];
  for (const _ of [1, 2]) {
    const { exitCode, stderr } = await runCommand(['exec', '--lease', ...command], inFolder);
    expect(exitCode, stderr).toBe(0);
  }
  const failed = await runCommand(['exec', '--lease', '--', 'sh', '-c', 'exit 3'], inFolder);
  expect(failed.exitCode).toBe(3);
  expect(failed.stderr).toMatch(/lease open [0-9a-f]{8}/);
  await runForDocument(['lease', 'drop', '--all'], inFolder);
  expect(await leases()).toEqual([]);
});

test('processes of one folder share one broker; what a killed one had comes back', async () => {
  await using harness = await openHarness({ directory: folder.path });
  await using lease = await harness.lease({ engines: ['postgresql'], label: 'held by this process' });
  const client = await lease.stores.postgresql.client();
  expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  const child = execa(process.execPath, [join(import.meta.dirname, 'support/hold-lease.ts'), folder.path], {
    reject: false,
  });
  await untilLabels('held by this process', 'held by another process');
  child.kill('SIGKILL');
  await child;
  await untilLabels('held by this process');
});

test('tests whose work is rolled back have one store after the other, and an address for nobody', async () => {
  const isolation = { postgresql: 'rolled-back' };
  await using harness = await openHarness({ directory: folder.path, isolation });
  const insert = "insert into users (username, email, password_hash) values ('ada', 'ada@example.org', 'x')";
  const ids: string[] = [];
  for (const label of ['first', 'second']) {
    await using lease = await harness.lease({ engines: ['postgresql'], label });
    const { postgresql } = lease.stores;
    ids.push(postgresql.id);
    const pool = await postgresql.client();
    await pool.query(insert);
    await lease.given.user();
    expect((await pool.query('select count(*)::int as users from users')).rows).toEqual([{ users: 2 }]);
    for (const refused of [() => postgresql.uri, () => lease.environment]) {
      expect(refused).toThrow(expect.objectContaining({ code: 'NOT_SUPPORTED', engine: 'postgresql' }));
    }
    await expect(postgresql.fault('down')).rejects.toMatchObject({ code: 'NOT_SUPPORTED' });
  }
  expect(ids[0]).toBe(ids[1]);
  const beside = await Promise.all([1, 2].map(() => harness.lease({ engines: ['postgresql'] })));
  expect(new Set(beside.map(({ stores }) => stores.postgresql.id)).size).toBe(2);
  const [spoiled, other] = beside;
  const pool = await spoiled?.stores.postgresql.client();
  await expect(pool?.query(`${insert}; commit`)).rejects.toMatchObject({ code: 'NOT_SUPPORTED' });
  await expect(spoiled?.release()).rejects.toMatchObject({ code: 'NOT_SUPPORTED' });
  await other?.release();
  for (const { id, stores } of await Promise.all([1, 2].map(() => harness.lease({ engines: ['postgresql'] })))) {
    const { rows } = await (await stores.postgresql.client()).query('select count(*)::int as users from users');
    expect(rows, id).toEqual([{ users: 0 }]);
  }
  const withFaults = harness.lease({ engines: ['postgresql'], faults: true });
  await expect(withFaults).rejects.toMatchObject({ code: 'NOT_SUPPORTED' });
});

/** What processes have, whatever is kept of tests that have failed. */
async function untilLabels(...wanted: readonly string[]): Promise<void> {
  const held = async () => (await leases()).filter(({ state }) => state === 'held').map(({ label }) => label);
  await poll(async () => String(await held()) === String(wanted), {
    timeoutMs: 120_000,
    onTimeout: () => new Error(`the leases never were: ${wanted}`),
  });
}

test('a harness that is closed ends what its leases have open, and leases no more', async () => {
  const harness = await openHarness({ directory: folder.path, engines: ['postgresql'] });
  const lease = await harness.lease({ label: 'never released' });
  const client = await lease.stores.postgresql.client();
  await client.query('SELECT 1');
  await harness.close();
  await expect(client.query('SELECT 1')).rejects.toThrow();
  expect((await leases()).filter(({ label }) => label === 'never released')).toEqual([]);
  await expect(harness.lease()).rejects.toMatchObject({ code: 'LEASE_LOST' });
});
