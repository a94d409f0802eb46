import type { Db, Document } from 'mongodb';
import { expect, test } from 'vitest';
import { catalogueOf } from '../../sandbox/engines/mongodb/quality/catalogue.ts';

/** What the catalogue says of a collection with this schema in its validator, as the server lists it. */
async function told($jsonSchema: Document) {
  const found = { name: 'things', options: { validator: { $jsonSchema } } };
  const database = {
    listCollections: () => ({ next: async () => found }),
    collection: () => ({ listIndexes: () => ({ toArray: async () => [] }) }),
  } as unknown as Db;
  const objects = await catalogueOf(database, 'things', { timeoutMs: 1_000, idsMax: 20 });
  return objects.map(({ name, definition }) => `${name}: ${definition}`);
}

test('a validator of MongoDB is told in its types and bounds', async () => {
  const properties = {
    name: { bsonType: 'string', maxLength: 9, description: 'for people', title: 'Name' },
    level: { bsonType: ['int', 'null'], minimum: 0, maximum: 5 },
    tags: { bsonType: 'array', items: { bsonType: 'string' } },
    keep: { bsonType: 'object', required: ['on'], properties: { on: { bsonType: 'bool' } } },
  };
  expect(await told({ bsonType: 'object', title: 'Things', required: ['name', 'kind'], properties })).toEqual([
    '$jsonSchema: strict error',
    'name: string ..9 required',
    'level: int|null 0..5',
    'tags: array of string',
    'keep: object {on: bool required}',
    'kind: any required',
  ]);
});

const text = { bsonType: 'string' };

test.each<[keyword: string, schema: Document, other: Document]>([
  ['pattern', { ...text, pattern: '^a' }, { ...text, pattern: '^b' }],
  ['minLength', { ...text, minLength: 1 }, text],
  ['exclusiveMinimum', { bsonType: 'int', minimum: 0, exclusiveMinimum: true }, { bsonType: 'int', minimum: 0 }],
  ['multipleOf', { bsonType: 'int', multipleOf: 5 }, { bsonType: 'int' }],
  ['uniqueItems', { bsonType: 'array', uniqueItems: true }, { bsonType: 'array' }],
  ['items, one by one', { bsonType: 'array', items: [text, {}] }, { bsonType: 'array', items: [text, text] }],
  ['type', { type: 'string' }, { type: 'number' }],
  ['anyOf', { anyOf: [text, { bsonType: 'int' }] }, {}],
  ['not', { not: { enum: ['none'] } }, {}],
  ['required within a field', { bsonType: 'object', required: ['on'] }, { bsonType: 'object' }],
  [
    'a keyword within a field',
    { bsonType: 'object', properties: { a: { ...text, pattern: 'a' } } },
    { bsonType: 'object', properties: { a: text } },
  ],
])('a validator of MongoDB with another %s is another one, and of documents too', async (_, schema, other) => {
  expect(await told({ properties: { a: schema } })).not.toEqual(await told({ properties: { a: other } }));
  const ofAll = (keywords: Document) => told({ bsonType: 'object', minProperties: 1, anyOf: [keywords] });
  expect(await ofAll(schema)).not.toEqual(await ofAll(other));
});

test('the order in which keywords of a validator were written says nothing', async () => {
  const one = await told({
    additionalProperties: false,
    minProperties: 1,
    properties: { a: { minLength: 1, pattern: 'a' } },
  });
  const other = await told({
    properties: { a: { pattern: 'a', minLength: 1 } },
    minProperties: 1,
    additionalProperties: false,
  });
  expect(one).toEqual(other);
  expect(one).toEqual([
    '$jsonSchema: strict error {"additionalProperties":false,"minProperties":1}',
    'a: any {"minLength":1,"pattern":"a"}',
  ]);
});
