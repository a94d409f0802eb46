import { MongoClient } from 'mongodb';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { BackupReport } from '../../sandbox/backup/backup-report.ts';
import { openHarness } from '../../sandbox/harness/open-harness.ts';
import { runCommand, runForDocument, runForError, type StackFolder, stackFolder } from '../support/command.ts';
import { fewRows } from '../support/few-rows.ts';
import { writeFiles } from './support/write-files.ts';

/** A project with migrations, whose data goes into a backup and comes back, and whose processes are killed. */
let folder: StackFolder;
const here = () => ({ cwd: folder.path });
const up = (...args: string[]) => runForDocument<{ readonly attached: boolean }>(['up', ...args], here());
const write = (files: Readonly<Record<string, string | undefined>>) => writeFiles(folder.path, files);

const configuration = `
engines: [postgresql, mongodb]
size: ${JSON.stringify(fewRows)}
migrations:
  postgresql: {folder: db/sql, seed: db/seed.sql}
  mongodb: {folder: db/mongo}
`;

beforeAll(async () => {
  folder = await stackFolder();
  await write({
    'sandbox.config.yaml': configuration,
    'db/sql/1_orders.sql': 'CREATE TABLE orders (id serial PRIMARY KEY, owner uuid NOT NULL REFERENCES users (id));',
    'db/seed.sql': 'INSERT INTO orders (owner) SELECT id FROM users;',
    'db/mongo/1.mjs': "export const up = (db) => db.createCollection('orders');",
  });
  await up();
});

afterAll(async () => {
  await folder?.[Symbol.asyncDispose]();
});

async function query(text: string): Promise<readonly object[]> {
  const { DATABASE_URL } = await runForDocument<Record<string, string>>(['env'], here());
  const client = new pg.Client({ connectionString: DATABASE_URL });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

async function collections(): Promise<readonly string[]> {
  const { MONGODB_URI = '' } = await runForDocument<Record<string, string>>(['env'], here());
  await using client = await new MongoClient(MONGODB_URI).connect();
  return (await client.db().listCollections().toArray()).map(({ name }) => name);
}

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
  expect(await collections()).toContain('second');
});
