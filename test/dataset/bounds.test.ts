import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { entityNames } from '../../sandbox/dataset/check/fields.ts';
import { importDataset } from '../../sandbox/dataset/import-dataset.ts';
import { rowFileOf } from '../../sandbox/dataset/read/row-file.ts';
import { openPrimary } from '../../sandbox/engines/postgresql/server/connection.ts';
import { createStack, type Stack } from '../../sandbox/stack/create-stack.ts';
import { createDataset } from '../../seeds/create-dataset.ts';
import type { Dataset } from '../../seeds/dataset.ts';
import type { EntityName } from '../../seeds/entities.ts';
import { beyondBounds, rowsAtBounds } from './rows-at-bounds.ts';
import { lineOf } from './support/line-of.ts';
import { changesOf, loadIntoStores } from './support/load-into-stores.ts';

const base = createDataset({ size: { users: 1, contents: 0, conversations: 0, knowledge: 1 } });

let folder: string;
let stack: Stack;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'taishang-bounds-'));
  stack = await createStack({ size: 'none' });
});
afterAll(async () => {
  await stack?.dispose();
  await rm(folder, { recursive: true });
});

async function fileOf(entity: EntityName, lines: readonly string[]) {
  const path = join(folder, `${entity}.ndjson`);
  await writeFile(path, lines.map((line) => `${line}\n`).join(''));
  return rowFileOf(path);
}

/** Loads every engine, side by side, and holds the stores against each other. */
async function load(dataset: Dataset): Promise<void> {
  await loadIntoStores(stack, dataset);
  // Nothing was changed on its way, and what the schema brings nobody has added.
  const kinds = await changesOf(stack, dataset);
  const changed = kinds.filter(({ added, changed, removed }) => added + changed + removed > 0);
  expect(changed.map(({ store, holding, examples }) => [store, holding, examples[0]?.slice(0, 200)])).toEqual([]);
}

async function query(database: Parameters<typeof openPrimary>[1]['database'], statement: string) {
  await using opened = await openPrimary(stack.engines.postgresql, { database });
  return (await opened.client.query(statement)).rows;
}

test('rows at every bound are accepted, and every engine takes them', { timeout: 300_000 }, async () => {
  const files = await Promise.all(entityNames.map((entity) => fileOf(entity, rowsAtBounds[entity].map(lineOf))));
  const { dataset } = await importDataset({ files, base });
  for (const name of entityNames) expect(dataset.counts[name], name).toBe(rowsAtBounds[name].length);
  await load(dataset);
  const [{ years }] = await query(
    'taishang_users',
    `SELECT array_agg(to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.MS') ORDER BY id) AS years FROM users`,
  );
  expect(years).toEqual(['0001-01-01 00:00:00.000', '0001-01-01 00:00:00.000', '2024-02-29 23:59:59.100']);
  const contents = stack.clients.mongodb.db('taishang_content').collection('user_contents');
  expect(await contents.countDocuments()).toBe(rowsAtBounds.contents.length);
  const longs = await contents.findOne({ 'metadata.longs': { $exists: true } }, { useBigInt64: true });
  expect(longs?.metadata.longs).toEqual({ most: 2n ** 63n - 1n, least: -(2n ** 63n) });
  const [{ decimals }] = await query(
    'taishang_users',
    `SELECT metadata->>'decimals' AS decimals FROM users WHERE metadata ? 'decimals'`,
  );
  expect(decimals).toMatch(/"id": 9007199254740993,|"fine": 0.1234567890123456789/);
  expect(decimals).toMatch(/"big": 10{400}\b/);
  const entry = rowsAtBounds.cacheEntries.at(-1) as { key: string; value: string };
  expect(await stack.clients.redis.strlen(entry.key)).toBe(entry.value.length);
  // The schema's own graph is in no file, and stays.
  const own = "MATCH (c:Concept {name: '意识层级'})-[:INFLUENCES]->(:Concept), (k:Knowledge {id: 'k001'}) RETURN c, k";
  expect((await stack.clients.neo4j.executeQuery(own)).records).toHaveLength(1);
  expect((await stack.clients.qdrant.count('knowledge_vectors', { exact: true })).count).toBe(2);
  // A collection for cosines keeps directions, also of what has no length in float32.
  const { points } = await stack.clients.qdrant.scroll('knowledge_vectors', { with_vector: true });
  const directions = points.map(({ vector }) => (vector as number[]).slice(0, 3).map((number) => number.toFixed(5)));
  expect(directions.toSorted()).toEqual([
    ['0.70711', '-0.70711', '0.00000'],
    ['1.00000', '0.00000', '0.00000'],
  ]);
});

test.each(beyondBounds.map(([entity, change, says]) => ({ entity, change, says })))(
  'beyond a bound, with file, line and reason: $entity $says',
  async ({ entity, change, says }) => {
    const [first] = rowsAtBounds[entity];
    const files = [await fileOf(entity, ['', lineOf({ ...first, ...change })])];
    const evidence = await importDataset({ files, base }).then(
      () => 'nothing was refused',
      (thrown) => String(thrown.evidence ?? thrown),
    );
    expect(evidence.startsWith(join(folder, `${entity}.ndjson:2: `)), evidence.slice(0, 300)).toBe(true);
    expect(evidence).toMatch(says);
    // It says what, and not the whole of it.
    expect(evidence.length).toBeLessThan(1_000);
  },
);

test.each([
  ['userVectors', { siliconLevel: 4 }, /siliconLevel does not say the same as `00000000-\S+` of the users does/],
  ['knowledgeVectors', { siliconLevel: 4 }, /siliconLevel does not say the same as `0\S+ of the knowledge does/],
  ['cacheEntries', { value: 'no JSON' }, /value does not say the same/],
  ['cacheEntries', { value: '{"id":"another"}' }, /value does not say the same/],
  ['cacheEntries', undefined, /:1: has no good row of cacheEntries for `00000000-\S+` of the users/],
  ['userVectors', undefined, /:1: has no good row of userVectors for `00000000-\S+` of the users/],
  ['knowledgeVectors', undefined, /:1: has no good row of knowledgeVectors for `0\S+ of the knowledge/],
] as const)('what the stores would disagree about is refused: %s %j', async (entity, change, says) => {
  const [first, ...others] = rowsAtBounds[entity];
  const rows = change === undefined ? others : [{ ...first, ...change }, ...others];
  const files = await Promise.all(
    (['users', 'concepts', 'knowledge'] as const).map((name) => fileOf(name, rowsAtBounds[name].map(lineOf))),
  );
  files.push(await fileOf(entity, rows.map(lineOf)));
  const refusal = importDataset({ files, base });
  await expect(refusal).rejects.toMatchObject({ code: 'IMPORT_REJECTED', evidence: expect.stringMatching(says) });
});

test.each(['learned', 'knowledgeVectors'] as const)(
  '%s of knowledge that goes, since its concepts come from a file, are refused',
  async (entity) => {
    const [concepts, own] = [
      await fileOf('concepts', rowsAtBounds.concepts.map(lineOf)),
      createDataset({ size: 'small' }),
    ];
    let row: object = {};
    for await (const [first] of own.batches(entity)) row = first ?? row;
    const refusal = importDataset({
      files: [
        concepts,
        await fileOf(entity, [
          lineOf({ ...row, ...('vector' in row ? { vector: [...(row.vector as Float32Array)] } : {}) }),
        ]),
      ],
      base: own,
    });
    await expect(refusal).rejects.toMatchObject({
      code: 'IMPORT_REJECTED',
      evidence: expect.stringMatching(/knowledgeId refers to `\S+`, which is none of the knowledge/),
    });
  },
);
