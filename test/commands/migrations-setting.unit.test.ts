import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { resolveSettings } from '../../sandbox/commands/options/settings.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'taishang-setting-'));
});

afterEach(() => rm(folder, { recursive: true }));

async function migrationsIn(yaml: string) {
  await writeFile(join(folder, 'sandbox.config.yaml'), yaml);
  return (await resolveSettings({ directory: folder }, {})).migrations;
}

test("a service's own schemas are read from the configuration, and there are none by default", async () => {
  expect(await migrationsIn('size: small')).toEqual({});
  expect(await migrationsIn('migrations:')).toEqual({});
  const yaml = `
migrations:
  postgresql: {folder: db/migrations, seed: db/seed.sql, platformSchema: false}
  mongodb: {folder: migrations, command: [npx, migrate-mongo, up]}
`;
  expect(await migrationsIn(yaml)).toEqual({
    postgresql: { folder: 'db/migrations', seed: 'db/seed.sql', platformSchema: false },
    mongodb: { folder: 'migrations', command: ['npx', 'migrate-mongo', 'up'] },
  });
});

test.each([
  ['migrations: db', 'BAD_OPTION', /sandbox\.config\.yaml, migrations: a mapping by engine/],
  ['migrations: {postgres: {folder: db}}', 'UNKNOWN_ENGINE', /migrations: there is no engine `postgres`/],
  ['migrations: {redis: {folder: db, comand: [x]}}', 'BAD_OPTION', /migrations\.redis: there is no `comand`/],
  ['migrations: {redis: {folder: db, command: npx x}}', 'BAD_OPTION', /migrations\.redis\.command: a list of words/],
])('%s is refused', async (yaml, code, message) => {
  await expect(migrationsIn(yaml)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
});
