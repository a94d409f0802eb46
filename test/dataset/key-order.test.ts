import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { Int32 } from 'mongodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { keyOrderOf } from '../../sandbox/core/rows/key-order.ts';
import { importDataset } from '../../sandbox/dataset/import-dataset.ts';
import { parseExactJson } from '../../sandbox/dataset/read/exact-json.ts';
import { rowFileOf } from '../../sandbox/dataset/read/row-file.ts';
import { orderedDocument } from '../../sandbox/engines/mongodb/backup/export/bson-bytes.ts';
import { createStack, type Stack } from '../../sandbox/stack/create-stack.ts';
import { createDataset } from '../../seeds/create-dataset.ts';
import { temporaryFolder } from '../engines/support/backups.ts';
import { seed, seedText } from '../support/seed.ts';
import { wholeEngine } from '../support/whole-engines.ts';

/** Objects as JSON text in the order of their fields: names that JavaScript moves beside others. */
const name = fc.oneof(fc.nat(3_000).map(String), fc.constantFrom('zz', 'a', '00', '-1', '4294967295', 'levels'));
const { object: objectText } = fc.letrec<{ value: string; object: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.nat(9).map(String),
    tie('object'),
    fc.array(tie('value'), { maxLength: 3 }).map((items) => `[${items.join(',')}]`),
  ),
  object: fc
    .uniqueArray(fc.tuple(name, tie('value')), { selector: ([key]) => key, maxLength: 5 })
    .map((fields) => `{${fields.map(([key, value]) => `${JSON.stringify(key)}:${value}`).join(',')}}`),
}));

/** As the text was written: of a document of BSON, or of what was parsed. */
function textOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(textOf).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (value instanceof Int32) return String(value.value);
  const keys = value instanceof Map ? [...value.keys()] : (keyOrderOf(value) ?? Object.keys(value));
  const of = (key: string) => (value instanceof Map ? value.get(key) : (value as Record<string, unknown>)[key]);
  return `{${keys.map((key) => `${JSON.stringify(key)}:${textOf(of(key))}`).join(',')}}`;
}

test(`the order of keys is remembered wherever JavaScript loses it, ${seedText}`, () => {
  fc.assert(
    fc.property(objectText, (text) => {
      const parsed = parseExactJson(text);
      if ('problem' in parsed) throw new Error(parsed.problem);
      expect(textOf(parsed.value)).toBe(text);
    }),
    { seed, numRuns: 500 },
  );
});

let stack: Stack<'mongodb'>;
beforeAll(async () => {
  stack = await createStack({ engines: ['mongodb'], size: 'none' });
});
afterAll(() => stack?.dispose());

test(`documents from files have their keys in the order of the file, ${seedText}`, async () => {
  await using folder = await temporaryFolder();
  const base = createDataset({ size: { users: 1, contents: 1, conversations: 0, knowledge: 1 } });
  let row: object = {};
  for await (const [first] of base.batches('contents')) row = first ?? row;
  const texts = ['{"zz":1,"2026":1,"1999":2}', ...fc.sample(objectText, { seed, numRuns: 40 })];
  const lines = texts.map((text, index) => {
    const id = `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;
    return JSON.stringify({ ...row, id, metadata: 'HERE' }).replace('"HERE"', () => text);
  });
  const file = join(folder.path, 'contents.ndjson');
  await writeFile(file, `${lines.join('\n')}\n`);
  const { dataset } = await importDataset({ files: [await rowFileOf(file)], base });
  const mongodb = await wholeEngine('mongodb');
  await mongodb.data.load(stack.engines.mongodb, dataset, { advance: () => {}, summarise: () => {} });

  const contents = stack.clients.mongodb.db('taishang_content').collection('user_contents');
  const found = await contents.find({}, { raw: true, sort: { _id: 1 } }).toArray();
  const stored = found.map((bytes) => textOf(orderedDocument(bytes as unknown as Buffer).get('metadata')));
  expect(stored).toEqual(texts);
}, 300_000);
