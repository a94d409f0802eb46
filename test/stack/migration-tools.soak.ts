import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createStack } from '../../sandbox/stack/create-stack.ts';
import type { Migrations } from '../../sandbox/stack/migrate/migrations.ts';

/** A project with the tools that services migrate by, as their documentation has them. They are no dependencies of ours. */
let project: string;

const tools = [
  'pg@8.23.1',
  'node-pg-migrate@9.0.0',
  'knex@3.3.0',
  'drizzle-orm@0.45.4',
  'drizzle-kit@0.31.11',
  'migrate-mongo@14.0.7',
  'mongodb@7.9.0',
];

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'taishang-tools-'));
  await writeFile(join(project, 'package.json'), '{"private": true}');
  await execa('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', ...tools], { cwd: project });
});

afterAll(async () => {
  if (project !== undefined) await rm(project, { recursive: true });
});

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(project, name)), { recursive: true });
    await writeFile(join(project, name), text);
  }
}

async function tablesWith(postgresql: Migrations['postgresql'], platformSchema = true): Promise<readonly string[]> {
  await using stack = await createStack({
    directory: project,
    engines: ['postgresql'],
    size: 'none',
    migrations: { postgresql: { ...postgresql, platformSchema } },
  });
  const { rows } = await stack.clients.postgresql.query<{ name: string }>(
    "SELECT table_name AS name FROM information_schema.tables WHERE table_schema IN ('public', 'drizzle') ORDER BY 1",
  );
  return rows.map(({ name }) => name).toSorted();
}

test('node-pg-migrate', async () => {
  await write({
    'pgm/1700000000000_orders.cjs': `exports.up = (pgm) => {
      pgm.createTable('orders', { id: 'id', owner: { type: 'uuid', references: 'users' } });
    };`,
  });
  const command = ['npx', 'node-pg-migrate', 'up', '-m', 'pgm', '-d', 'DATABASE_MIGRATION_URL'];
  expect(await tablesWith({ folder: 'pgm', command })).toEqual(
    expect.arrayContaining(['orders', 'pgmigrations', 'users']),
  );
});

test('Knex', async () => {
  await write({
    'knexfile.cjs': `module.exports = {
      client: 'pg',
      connection: process.env.DATABASE_MIGRATION_URL,
      migrations: { directory: 'knex' },
    };`,
    'knex/20260101000000_orders.cjs': `exports.up = (knex) => knex.schema.createTable('orders', (table) => {
      table.increments();
    });
    exports.down = (knex) => knex.schema.dropTable('orders');`,
  });
  const command = ['npx', 'knex', 'migrate:latest', '--knexfile', 'knexfile.cjs'];
  expect(await tablesWith({ folder: 'knex', command }, false)).toEqual([
    'knex_migrations',
    'knex_migrations_lock',
    'orders',
  ]);
});

test('the folder that Drizzle generates, as files and by its own command', async () => {
  await write({
    'schema.ts': `import { pgTable, serial, text } from 'drizzle-orm/pg-core';
      export const orders = pgTable('orders', { id: serial().primaryKey(), note: text().default("it's; so") });
      export const lines = pgTable('lines', { id: serial().primaryKey() });`,
    'drizzle.config.ts': `import { defineConfig } from 'drizzle-kit';
      export default defineConfig({
        dialect: 'postgresql',
        schema: './schema.ts',
        out: './drizzle',
        dbCredentials: { url: process.env.DATABASE_MIGRATION_URL ?? 'postgresql://none' },
      });`,
  });
  await execa('npx', ['drizzle-kit', 'generate'], { cwd: project });
  expect(await tablesWith({ folder: 'drizzle' }, false)).toEqual(['lines', 'orders']);
  const command = ['npx', 'drizzle-kit', 'migrate'];
  expect(await tablesWith({ folder: 'drizzle', command }, false)).toEqual(['__drizzle_migrations', 'lines', 'orders']);
});

test('migrate-mongo, by its command, and its files as they are', async () => {
  await write({
    'migrate-mongo-config.js': `module.exports = {
      mongodb: { url: process.env.MONGODB_MIGRATION_URI, databaseName: 'taishang_content', options: {} },
      migrationsDir: 'mongo',
      changelogCollectionName: 'changelog',
      lockCollectionName: 'changelog_lock',
      lockTtl: 0,
      migrationFileExtension: '.js',
      useFileHash: false,
      moduleSystem: 'commonjs',
    };`,
    'mongo/20260101000000-orders.js': `module.exports = {
      async up(db) { await db.collection('orders').createIndex({ owner: 1 }); },
      async down(db) { await db.collection('orders').drop(); },
    };`,
  });
  const collectionsWith = async (mongodb: NonNullable<Migrations['mongodb']>) => {
    await using stack = await createStack({
      directory: project,
      engines: ['mongodb'],
      size: 'none',
      migrations: { mongodb },
    });
    const found = await stack.clients.mongodb.db('taishang_content').listCollections().toArray();
    return found.map(({ name }) => name);
  };
  expect(await collectionsWith({ folder: 'mongo', command: ['npx', 'migrate-mongo', 'up'] })).toEqual(
    expect.arrayContaining(['orders', 'changelog', 'user_contents']),
  );
  expect(await collectionsWith({ folder: 'mongo', platformSchema: false })).toEqual(['orders']);
});
