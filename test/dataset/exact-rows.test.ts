import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { importDataset } from '../../sandbox/dataset/import-dataset.ts';
import { isRawNumber, rawNumber } from '../../sandbox/dataset/read/exact-number.ts';
import { type RowFile, rowFileOf } from '../../sandbox/dataset/read/row-file.ts';
import { fileFormats, rowEncoders } from '../../sandbox/dataset/read/row-files.ts';
import { createDataset } from '../../seeds/create-dataset.ts';
import { userCacheEntry } from '../../seeds/entities/caches.ts';
import type { Entities, EntityName } from '../../seeds/entities.ts';
import { rowsOf } from '../seeds/rows.ts';
import { seed, seedText } from '../support/seed.ts';

const base = createDataset({ size: { users: 300, contents: 10, conversations: 10, knowledge: 250 } });
const user = (await rowsOf('users', base))[30] as Entities['users'];
const [one, two] = (await rowsOf('concepts', base)).map(({ name }) => name) as [string, string];
const item = (await rowsOf('knowledge', base))[3] as Entities['knowledge'];

/** A world of one: of what each user and knowledge item has one, a file has one row. */
const small = createDataset({ size: { users: 1, contents: 0, conversations: 0, knowledge: 1 } });
const onlyUser = (await rowsOf('users', small))[0] as Entities['users'];
const onlyItem = (await rowsOf('knowledge', small))[0] as Entities['knowledge'];
/** Rows without which a file is refused. */
const beside: Partial<Record<EntityName, readonly object[]>> = {
  knowledgeVectors: [],
  userVectors: [],
  cacheEntries: [userCacheEntry(onlyUser)],
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'taishang-exact-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function importFile(name: string, content: string | Uint8Array, encoding?: string) {
  const path = join(folder, name);
  await writeFile(path, content);
  const file = await rowFileOf(path, undefined, encoding);
  const world = (file as RowFile).entity in beside ? small : base;
  return { path, imported: importDataset({ files: [file as RowFile], base: world }) };
}

/** Why a file is refused, without its path. */
async function refusalOf(name: string, content: string | Uint8Array, encoding?: string): Promise<string> {
  const { path, imported } = await importFile(name, content, encoding);
  return imported.then(
    () => 'accepted',
    (thrown) => `${thrown.code} ${String(thrown.evidence).replaceAll(path, '')}`,
  );
}

async function rowsFrom<Name extends EntityName>(
  entity: Name,
  name: string,
  content: string | Uint8Array,
  encoding?: string,
) {
  const { imported } = await importFile(name, content, encoding);
  return rowsOf(entity, (await imported).dataset);
}

const uuid = fc.uuid();
const time = fc.date({
  min: new Date('0001-01-01T00:00:00Z'),
  max: new Date('9999-12-31T23:59:59.999Z'),
  noInvalidDate: true,
});
/** Also what CSV, spreadsheets and splitters of lines stumble over. */
const text = (maxLength: number, minLength = 0) =>
  fc
    .oneof(
      fc.string({
        unit: fc.constantFrom(...'a,";\n\r\t \'=+-@|#\\/0é汉😀\u2028\u2029\u0085\u000b\ufeff\u200f'),
        minLength,
        maxLength,
      }),
      fc.string({ unit: 'grapheme', minLength, maxLength: Math.min(maxLength, 20) }),
      fc
        .constantFrom('null', 'NULL', '007', ' x ', '=1+1', '1e5', 'true', '"', '""', "'", '[]')
        .filter((each) => each.length >= minLength),
    )
    .filter((value) => [...value].length <= maxLength && value.isWellFormed() && !value.includes('\0'));
const level = fc.integer({ min: 0, max: 5 });
const unit = fc.double({ min: 0, max: 1, noNaN: true });
const raws = (...texts: string[]) => fc.constantFrom(...texts.map(rawNumber));
const json = (exact: fc.Arbitrary<unknown>) =>
  fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      text(10),
      fc.boolean(),
      fc.constant(null),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      exact,
      fc.array(tie('value'), { maxLength: 3 }),
      tie('object'),
    ),
    object: fc.dictionary(
      text(6).filter((key) => !['__proto__', '_bsontype'].includes(key)),
      tie('value'),
      { maxKeys: 4, noNullPrototype: true },
    ),
  }));
const decimals = json(raws('9007199254740993', '1e400', '-0.12345678901234567890123'));
const longs = json(raws('9007199254740993', '-9223372036854775808', '9223372036854775807'));
const vector = (length: number) =>
  fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 5, maxLength: 5 }).map((some) => {
    return Float32Array.from({ length }, (_, at) => some[at] ?? -0);
  });
const nullable = <Value>(of: fc.Arbitrary<Value>) => fc.option(of, { nil: null });

const rows: { readonly [Name in EntityName]: fc.Arbitrary<unknown> } = {
  users: fc.record({
    id: uuid,
    username: text(50, 1),
    email: text(255, 1),
    passwordHash: text(50),
    fullName: nullable(text(100)),
    avatarUrl: nullable(text(50)),
    phone: nullable(text(20)),
    status: fc.constantFrom('active', 'inactive'),
    levels: fc.record({ silicon: level, consciousness: level, thinking: level }),
    createdAt: time,
    updatedAt: time,
    lastLoginAt: nullable(time),
    metadata: decimals.object,
  }),
  userPreferences: fc.record({
    id: uuid,
    userId: fc.constant(user.id),
    key: text(100),
    value: decimals.value,
    createdAt: time,
    updatedAt: time,
  }),
  userSessions: fc.record({
    id: uuid,
    userId: fc.constant(user.id),
    sessionToken: text(255, 1),
    deviceInfo: nullable(decimals.object),
    ipAddress: nullable(fc.oneof(fc.ipV4(), fc.ipV6())),
    userAgent: nullable(text(50)),
    expiresAt: time,
    createdAt: time,
    lastAccessedAt: time,
  }),
  userPermissions: fc.record({
    id: uuid,
    userId: fc.constant(user.id),
    permissionName: text(100, 1),
    resourceType: nullable(text(50)),
    resourceId: nullable(text(100)),
    grantedAt: time,
    grantedBy: nullable(fc.constant(user.id)),
    expiresAt: nullable(time),
  }),
  userLocations: fc.record({
    id: uuid,
    userId: fc.constant(user.id),
    label: text(100),
    longitude: fc.double({ min: -180, max: 180, noNaN: true }),
    latitude: fc.double({ min: -90, max: 90, noNaN: true }),
    recordedAt: time,
  }),
  dailyActivity: fc.record({
    userId: fc.constant(user.id),
    day: time.map((day) => day.toISOString().slice(0, 10)),
    siliconLevel: level,
    sessions: fc.integer({ min: 0 }),
    contents: fc.integer({ min: 0 }),
    messages: fc.integer({ min: 0 }),
  }),
  contents: fc.record({
    id: uuid,
    userId: fc.constant(user.id),
    contentType: fc.constantFrom('article', 'temp'),
    title: text(200),
    content: text(300),
    tags: fc.array(text(10), { maxLength: 4 }),
    metadata: longs.object,
    siliconLevel: level,
    createdAt: time,
    updatedAt: time,
  }),
  conversations: fc.record({
    id: uuid,
    userId: fc.constant(user.id),
    sessionId: uuid,
    messages: fc.array(
      fc.record({
        role: fc.constantFrom('user', 'system'),
        content: text(50),
        timestamp: time,
        metadata: longs.object,
      }),
      { maxLength: 3 },
    ),
    context: longs.object,
    metadata: fc.record({ keep: fc.boolean(), more: longs.value }),
    createdAt: time,
    updatedAt: time,
  }),
  concepts: fc.record({
    name: text(50, 1),
    category: text(50),
    description: text(50),
    siliconLevel: level,
    createdAt: time,
  }),
  conceptRelations: fc.oneof(
    fc.record({
      kind: fc.constantFrom('RELATES_TO', 'INFLUENCES'),
      from: fc.constant(one),
      to: fc.constant(two),
      strength: unit,
      type: text(20),
    }),
    fc.record({ kind: fc.constant('PREREQUISITE'), from: fc.constant(one), to: fc.constant(two) }),
  ),
  knowledge: fc.record({
    id: text(64, 1),
    title: text(200),
    content: text(50),
    siliconLevel: level,
    category: text(50),
    about: fc.array(fc.record({ concept: fc.constant(one), relevance: unit }), { minLength: 1, maxLength: 3 }),
    createdAt: time,
    updatedAt: time,
  }),
  learned: fc.record({ userId: fc.constant(user.id), knowledgeId: fc.constant(item.id), learnedAt: time }),
  interests: fc.record({ userId: fc.constant(user.id), concept: fc.constant(one), since: time }),
  knowledgeVectors: fc.record({
    knowledgeId: fc.constant(onlyItem.id),
    title: text(200),
    content: text(50),
    siliconLevel: fc.constant(onlyItem.siliconLevel),
    category: text(50),
    vector: vector(768),
  }),
  userVectors: fc.record({
    userId: fc.constant(onlyUser.id),
    siliconLevel: fc.constant(onlyUser.levels.silicon),
    interests: fc.array(fc.constant(one), { maxLength: 2 }),
    learningStyle: fc.constantFrom('visual', 'reading'),
    vector: vector(512),
  }),
  cacheEntries: fc.record({
    key: text(20, 1).map((end) => `conversation:${end}`),
    value: text(50),
    lifetimeS: fc.integer({ min: 1 }),
  }),
};

/** Raw numbers compare by their text, not as objects of one shape. */
function plain(value: unknown): unknown {
  if (isRawNumber(value)) return `number ${value.rawJSON}`;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null || value instanceof Date || value instanceof Float32Array)
    return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}

describe.each(fileFormats)(`what is written as %s is what is read (${seedText})`, (format) => {
  test.each(Object.keys(rows) as EntityName[])('%s', async (entity) => {
    const arbitrary = rows[entity] as fc.Arbitrary<object>;
    await fc.assert(
      fc.asyncProperty(arbitrary, async (row) => {
        const encoder = rowEncoders[format](entity);
        const rows = [...(beside[entity] ?? []), row];
        const file = Buffer.concat([encoder.rows(rows), encoder.end()]);
        const read = await rowsFrom(entity, `${entity}.${format}`, file);
        expect(read.map(plain)).toStrictEqual(rows.map(plain));
      }),
      { seed, numRuns: 25 },
    );
  });
});

const line = JSON.stringify({
  name: 'n',
  category: 'c',
  description: 'd',
  siliconLevel: 1,
  createdAt: '2026-01-01T00:00:00Z',
});
const csv = (...lines: string[]) =>
  ['name,category,description,siliconLevel,createdAt', ...lines].map((each) => `${each}\n`).join('');
const names = async (...given: Parameters<typeof rowsFrom<'concepts'>>) =>
  (await rowsFrom(...given)).map(({ name }) => name);

describe('text', () => {
  // "中文" in GBK, in UTF-16 and in GB18030's four bytes for a character that GBK lacks.
  const gbk = Buffer.concat([
    Buffer.from(csv()),
    Buffer.from([0xd6, 0xd0, 0xce, 0xc4]),
    Buffer.from(',c,d,1,2026-01-01T00:00:00Z\n'),
  ]);

  test('that is no UTF-8 is refused with its line; with its encoding it is read', async () => {
    expect(await refusalOf('concepts.csv', gbk)).toMatch(/^IMPORT_REJECTED :2: is not utf-8/);
    expect(await names('concepts', 'concepts.csv', gbk, 'gbk')).toEqual(['中文']);
    expect(await names('concepts', 'concepts.csv', gbk, 'gb18030')).toEqual(['中文']);
    expect(await refusalOf('concepts.csv', gbk.subarray(0, gbk.indexOf(0xd0)), 'gbk')).toMatch(/is not gbk/);
    expect(await refusalOf('concepts.ndjson', Buffer.concat([Buffer.from(`${line}\n`), Buffer.from([0xc3])]))).toMatch(
      /:2: is not utf-8/,
    );
  });

  test.each(['utf-8', 'utf-16le', 'utf-16be'])(
    'that begins with the mark of %s is that, unless something else is said',
    async (encoding) => {
      const marked = `\ufeff${line.replace('"n"', '"汉😀"')}\n`;
      const little = Buffer.from(marked, 'utf16le');
      const bytes = { 'utf-8': Buffer.from(marked), 'utf-16le': little, 'utf-16be': Buffer.from(little).swap16() }[
        encoding
      ] as Buffer;
      expect(await names('concepts', 'concepts.ndjson', bytes)).toEqual(['汉😀']);
      expect(await refusalOf('concepts.ndjson', bytes, 'gbk')).toMatch(/begins with the mark of/);
    },
  );
});

describe('lines end at line feeds alone', () => {
  const odd = 'a\u2028b\u2029c\u0085d\u000be\u000cf';

  test('in NDJSON', async () => {
    const raw = line.replace('"n"', `"${odd.replaceAll('\u000b', '').replaceAll('\u000c', '')}"`);
    expect(await names('concepts', 'concepts.ndjson', `${raw}\r\n\n${line}`)).toEqual([
      'a\u2028b\u2029c\u0085def',
      'n',
    ]);
    // A lone CR is white space of JSON.
    expect(await names('concepts', 'concepts.ndjson', line.replaceAll(',', ',\r'))).toEqual(['n']);
    expect(await refusalOf('concepts.ndjson', `${line}\n\r\n${line.replace('}', '')}`)).toMatch(/:3: is not JSON/);
  });

  test('in CSV, which keeps what is within quotes and around them', async () => {
    const file = csv(`" ${odd}\r\ng\rh ",c,,1,2026-01-01T00:00:00Z`, `i\rj ,"",k,1,2026-01-01T00:00:00Z\r`).replace(
      'c,,1',
      'c,"",1',
    );
    expect(await names('concepts', 'concepts.csv', file)).toEqual([` ${odd}\r\ng\rh `, 'i\rj ']);
    expect(
      await refusalOf('concepts.csv', csv('"a\r\nb",c,d,1,2026-01-01T00:00:00Z', 'x,c,d,9,2026-01-01T00:00:00Z')),
    ).toMatch(/:4: .*siliconLevel/);
  });
});

describe('a value that would become another is refused', () => {
  test.each([
    ['a column twice', 'concepts.csv', 'name,category,name\na,b,c\n', /:1: names the column `name` twice/],
    ['a column without a name', 'concepts.csv', 'name,,category\na,b,c\n', /:1: has no name for column 2/],
    ['a key twice', 'concepts.ndjson', `${line.replace('{', '{"n\\u0061me":"n",')}\n`, /:1: has the key `name` twice/],
    ['a key twice, deep down', 'users.ndjson', '{"metadata":{"a":[{"b":1,"b":1}]}}\n', /:1: has the key `b` twice/],
    ['leading zeroes', 'concepts.csv', csv('a,b,c,03,2026-01-01T00:00:00Z'), /:2: .*siliconLevel must be integer/],
    ['hexadecimal', 'concepts.csv', csv('a,b,c,0x3,2026-01-01T00:00:00Z'), /siliconLevel must be integer/],
    ['blanks around a number', 'concepts.csv', csv('a,b,c, 3,2026-01-01T00:00:00Z'), /siliconLevel must be integer/],
    ['no row', 'concepts.csv', csv(), /:1: has no row of concepts/],
    ['no byte', 'concepts.ndjson', '', /:1: has no row of concepts/],
    ['blank lines alone', 'concepts.ndjson', '\n \n\r\n', /:1: has no row of concepts/],
    ['what is no Parquet', 'concepts.parquet', csv(), /:1: is not Parquet/],
  ])('%s', async (_, name, content, says) => {
    expect(await refusalOf(name, content)).toMatch(says);
  });

  test('and what a message shows of it obeys no terminal', async () => {
    const refusal = await refusalOf('concepts.csv', `\u001b]0;x\u0007\u009b2J\u202e,name\n1,\u001b[2J\n`);
    expect(refusal).toMatch(/u001b\]0;x/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(refusal).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  });
});
