import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { importDataset } from '../../sandbox/dataset/import-dataset.ts';
import { rowFileOf } from '../../sandbox/dataset/row-file.ts';
import { createStack } from '../../sandbox/stack/create-stack.ts';
import { createDataset } from '../../seeds/create-dataset.ts';
import { rowsOf } from '../seeds/rows.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'taishang-load-files-'));
});
afterAll(() => rm(folder, { recursive: true }));

test('rows from a file are in the stores afterwards, and the stores agree', async () => {
  const path = join(folder, 'people.ndjson');
  const base = createDataset({ size: 'small' });
  const users = (await rowsOf('users', base)).slice(100, 140);
  await writeFile(path, users.map((user) => `${JSON.stringify(user)}\n`).join(''));
  const { dataset } = await importDataset({ files: [await rowFileOf(`users=${path}`)], base });
  await using stack = await createStack({ engines: ['postgresql', 'redis'], dataset });
  expect(stack.crossStore).toMatchObject({ ok: true });
  expect(stack.crossStore?.checks.map(({ name, compared }) => [name, compared])).toContainEqual([
    'redis holds each user',
    40,
  ]);
  const cached = await stack.clients.redis.get(`user:${users[7]?.id}`);
  expect(JSON.parse(cached ?? '{}').email).toBe(users[7]?.email);
});
