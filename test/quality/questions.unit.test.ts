import { Decimal128, Long, ObjectId, UUID } from 'mongodb';
import neo4j from 'neo4j-driver';
import { describe, expect, test } from 'vitest';
import type { QualityMetric, QualityPlace, QualityQuestion } from '../../sandbox/engines/contract/quality.ts';
import { idsOf, idText, searchOf } from '../../sandbox/engines/mongodb/quality/search.ts';
import { ownDatabase } from '../../sandbox/engines/mongodb/quality/session.ts';
import { databaseIn, requireOwn } from '../../sandbox/engines/neo4j/quality/session.ts';
import { readPlace, statementOf as statementOfNeo4j } from '../../sandbox/engines/neo4j/quality/statement.ts';
import { readerOf } from '../../sandbox/engines/postgresql/quality/session.ts';
import { sameTableName, statementOf } from '../../sandbox/engines/postgresql/quality/statement.ts';
import { databaseOf, isAllInOne } from '../../sandbox/engines/postgresql/server/connection.ts';
import { askOf, idOf, textOfValues, valueAt } from '../../sandbox/engines/qdrant/quality/questions.ts';
import { faultOfPoint } from '../../sandbox/engines/qdrant/quality/vectors.ts';
import { clusterSize, valuesOf } from '../../sandbox/engines/redis/quality/answers.ts';
import { undeclaredPlaces } from '../../sandbox/quality/contracts/catalogue-gaps.ts';

function question(
  name: string,
  metric: QualityMetric,
  fields: readonly string[] = [],
  given: Readonly<Record<string, unknown>> = {},
): QualityQuestion {
  return { place: { name }, ask: { rule: { metric, fields, arguments: given } }, parameters: {}, accepted: [] };
}

test.each([
  ['users', '"users"'],
  ['sales.orders', '"sales"."orders"'],
  ['"Order"', '"Order"'],
  ['sales."Order.Item"', '"sales"."Order.Item"'],
  ['"a""b"', '"a""b"'],
])('a table that the catalogue of PostgreSQL calls %s is asked by that name', (name, quoted) => {
  expect(statementOf(question(name, 'rowCount')).text).toBe(`SELECT FROM ${quoted}`);
});

test.each([
  ['"user"', 'user'],
  ['users', 'public.users'],
  ['sales."Order"', 'sales.Order'],
])(
  'a table that the catalogue of PostgreSQL calls %s has the contract of %s, and that of another has none',
  (there, declared) => {
    const naming = { ownDatabase: 'app', sameName: sameTableName };
    const gaps = (name: string) => undeclaredPlaces([{ database: 'app', name: there }], [{ name }], [], naming);
    expect(gaps(declared)).toEqual([]);
    expect(gaps(there)).toEqual([]);
    expect(gaps(`archive.${declared.split('.').at(-1)}`)).toEqual([`app.${there} has no contract`]);
  },
);

test('a contract that names no database is of the one that the store is asked in, and of no other', () => {
  const there = ['app', 'archive'].map((database) => ({ database, name: 'users' }));
  const gaps = (...declared: readonly QualityPlace[]) =>
    undeclaredPlaces(there, declared, [], { ownDatabase: 'app', sameName: sameTableName });
  expect(gaps({ name: 'users' })).toEqual(['archive.users has no contract']);
  expect(gaps({ name: 'users' }, { database: 'archive', name: 'users' })).toEqual([]);
  expect(gaps({ database: 'archive', name: 'users' })).toEqual(['app.users has no contract']);
});

test('an address of PostgreSQL names the one database that is meant, or that of a whole server', () => {
  const at = (path: string) => `postgresql://somebody:secret@host:5432${path}`;
  expect(
    ['', '/', '/postgres', '/taishang_ai', '/app', '/%E7%94%A8%E6%88%B7'].map((path) => [
      databaseOf(at(path)),
      isAllInOne(at(path)),
    ]),
  ).toEqual([
    ['postgres', false],
    ['postgres', false],
    ['postgres', false],
    ['taishang_ai', false],
    ['app', true],
    ['用户', true],
  ]);
});

test('PostgreSQL is read from a standby that follows, else from the primary', () => {
  const primary = { node: 'first', role: 'primary' };
  const standby = { node: 'second', role: 'standby', follows: 'first', lagBytes: 0 };
  const lost = { node: 'third', role: 'standby', lagUnknown: 'it follows nobody' };
  expect(readerOf([primary, lost, standby])).toBe('second');
  expect(readerOf([lost, primary])).toBe('first');
  expect(readerOf([{ node: 'first', role: 'down' }, lost])).toBe('third');
  expect(readerOf([{ node: 'first', role: 'down' }])).toBeUndefined();
});

describe('a rule of Neo4j', () => {
  const valuesAsked = (validValues: readonly unknown[]) =>
    statementOfNeo4j(question('(:User)', 'invalidValues', ['level'], { validValues })).parameters.values;

  test('asks for whole numbers as integers, as which they are kept', () => {
    expect(valuesAsked([0, 5, 'none'])).toEqual([neo4j.int(0), neo4j.int(5), 'none']);
    expect(valuesAsked([0, 0.5])).toEqual([0, 0.5]);
  });

  test('takes labels and types of any letters', () => {
    expect(readPlace({ name: '(:用户)' })).toMatchObject({ label: '用户', isNode: true });
    expect(readPlace({ name: '[:HAS-READ it]' })).toMatchObject({ pattern: '()-[x:`HAS-READ it`]->()', isNode: false });
    for (const name of ['User', '(:User]', '(:)']) expect(() => readPlace({ name })).toThrow('is neither a label');
  });
});

test('a list in MongoDB is no valid text, though one of its members is', () => {
  expect(searchOf(question('users', 'invalidValues', ['email'], { pattern: '@' }))).toEqual({
    filter: {
      $or: [{ email: { $ne: null } }, { email: { $type: 'array' } }],
      $nor: [{ $and: [{ email: { $not: { $type: 'array' } } }, { email: { $type: 'string', $regex: '@' } }] }],
    },
  });
  for (const metric of ['nullValues', 'missingValues'] as const) {
    const { filter } = searchOf(question('users', metric, ['email'])) as { filter: { $and: readonly unknown[] } };
    expect(filter.$and[1]).toEqual({ email: { $not: { $type: 'array' } } });
  }
});

test('a list in MongoDB that has a null in it is there, and may be double', () => {
  const { pipeline } = searchOf(question('users', 'duplicateValues', ['tags', 'kind'])) as {
    pipeline: readonly unknown[];
  };
  const isThere = (field: string) => ({ $or: [{ [field]: { $ne: null } }, { [field]: { $type: 'array' } }] });
  expect(pipeline[0]).toEqual({ $match: { $and: [isThere('tags'), isThere('kind')] } });
});

test('a valid value of MongoDB is no field, and no operator', () => {
  const code = { $function: { body: 'function() {}', args: [], lang: 'js' } };
  const { filter } = searchOf(
    question('prices', 'invalidValues', ['price'], { validValues: ['$5', 'a$', 5, code] }),
  ) as {
    filter: { $nor: readonly unknown[] };
  };
  expect(filter.$nor).toEqual([{ $expr: { $in: ['$price', [{ $literal: '$5' }, 'a$', 5, { $literal: code }]] } }]);
});

test('an accepted id of MongoDB is what its text may stand for', () => {
  const hexadecimal = '65a1b2c3d4e5f60718293a4b';
  expect(idsOf([hexadecimal, '42', 'k003'])).toEqual([
    hexadecimal,
    new ObjectId(hexadecimal),
    '42',
    42,
    Decimal128.fromString('42'),
    'k003',
  ]);
});

test('an id of MongoDB is told as a text that a contract can accept it by', () => {
  const ids = [
    'k003',
    new ObjectId('65a1b2c3d4e5f60718293a4b'),
    new UUID('c0ffee00-0000-4000-8000-000000000000'),
    new Date('2026-01-01T00:00:00.000Z'),
    Long.fromString('9007199254740993'),
    Decimal128.fromString('1.50'),
    true,
    { day: 1, user: 'a' },
  ];
  const texts = ids.map(idText);
  expect(texts.slice(3)).toEqual([
    '2026-01-01T00:00:00.000Z',
    '9007199254740993',
    '1.50',
    'true',
    '{"day":1,"user":"a"}',
  ]);
  const accepted = texts.map((text) => idsOf([text]));
  const isAccepted = (id: unknown, place: number) =>
    accepted[place]?.some((each) => String(each) === String(id) && typeof each === typeof id);
  expect(ids.filter((id, place) => !isAccepted(id, place))).toEqual([]);
});

test('an address of MongoDB names the one database that is meant, or that of a whole server', () => {
  const paths = ['', '/', '/admin', '/shop', '/shop?authSource=admin', '/%E5%BA%97?x=1', '?x=/no'];
  expect(paths.map((path) => ownDatabase(`mongodb://somebody:secret@one:1,two:2${path}`))).toEqual([
    undefined,
    undefined,
    undefined,
    'shop',
    'shop',
    '店',
    undefined,
  ]);
  expect(ownDatabase('mongodb+srv://host.example/shop')).toBe('shop');
});

test('an address of Neo4j may name a database', () => {
  const paths = ['', '/', '/neo4j', '/%E5%BA%97'];
  expect(paths.map((path) => databaseIn(`bolt://host:7687${path}`))).toEqual([undefined, undefined, 'neo4j', '店']);
});

test('a database of Neo4j is the same one in upper and lower case', () => {
  for (const named of [undefined, 'neo4j', 'Neo4j']) expect(() => requireOwn(named, 'neo4j')).not.toThrow();
  expect(() => requireOwn('sales', 'neo4j')).toThrow("only the login's own database is asked, neo4j, and not sales");
});

test('an accepted id of Qdrant is a number or a UUID', () => {
  expect(['7', 'c0ffee00-0000-4000-8000-000000000000'].map(idOf)).toEqual([7, 'c0ffee00-0000-4000-8000-000000000000']);
  expect(idOf('9007199254740993')).toBe(9_007_199_254_740_993n);
});

test('each vector of a point in Qdrant is looked at, whether it has a name or none', () => {
  expect(faultOfPoint([0.6, 0.8], { size: 2 })).toBeUndefined();
  expect(faultOfPoint([0.6, 0.8], { size: 3 })).toBe('of another dimension');
  expect(faultOfPoint(null, { size: 2 })).toBe('of another dimension');
  const described = { image: { size: 2 }, size: { size: 1 } };
  expect(faultOfPoint({ image: [0.6, 0.8], size: [1] }, described)).toBeUndefined();
  expect(faultOfPoint({ image: [0.6, 0.8] }, described)).toBeUndefined();
  expect(faultOfPoint({ image: [0.6, 0.8], size: [3] }, described)).toBe('not of unit length');
  expect(faultOfPoint({ image: [null, 1] }, described)).toBe('not finite');
  // Several vectors that are one.
  const unit = [0.6, 0.8];
  expect(faultOfPoint([unit, unit, unit], { size: 2 })).toBeUndefined();
  expect(faultOfPoint({ image: [unit, [1, 1]] }, described)).toBe('not of unit length');
  expect(faultOfPoint([unit, [1]], { size: 2 })).toBe('of another dimension');
});

test('a query of Qdrant that asks for nothing is refused', () => {
  const asked = (query: string) => askOf({ place: { name: 'points' }, ask: { query }, parameters: {}, accepted: [] });
  for (const query of ['null', '[]', '{}', '{"filter":null}', '{"filter":[]}', '{"vectors":"of nonsense"}']) {
    expect(() => asked(query), query).toThrow('a query is an object with either');
  }
  expect(asked('{"vectors":"not finite"}')).toEqual({ vectors: 'not finite' });
  expect(asked('{"filter":{}}')).toEqual({ filter: {} });
});

test('a field of Qdrant within another one has its value, and a number beyond 2^53 keeps its digits', () => {
  const payload = { address: { city: 'a' }, list: [], 'address.city': 'b', large: 9007199254740993n };
  expect(
    ['address.city', 'address.street', 'city.name', 'list', 'large.x'].map((name) => valueAt(payload, name)),
  ).toEqual(['a', null, null, [], null]);
  expect(textOfValues([valueAt(payload, 'large'), 1])).toBe('["9007199254740993n",1]');
});

test('points of Qdrant are double by all fields that are named', () => {
  expect(askOf(question('points', 'duplicateValues', ['user_id', 'kind']))).toEqual({
    duplicates: ['user_id', 'kind'],
  });
});

test('what Redis refuses to tell of one key is no value', () => {
  expect(
    valuesOf([
      [null, -1],
      [null, 5],
    ]),
  ).toEqual([-1, 5]);
  expect(() =>
    valuesOf([
      [null, -1],
      [new Error('NOPERM'), undefined],
    ]),
  ).toThrow('NOPERM');
});

test('a cluster is told by the masters that it has', () => {
  expect(clusterSize('cluster_state:ok\r\ncluster_size:3\r\n')).toBe(3);
  expect(clusterSize('')).toBe(1);
});
