import { execFile } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { BSON } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { SandboxError } from '../../../sandbox/core/errors.ts';
import type { BackupManifest } from '../../../sandbox/engines/contract/backup.ts';
import { documentOf } from '../../../sandbox/engines/mongodb/backup/export/bson-bytes.ts';
import { readExport } from '../../../sandbox/engines/mongodb/backup/export/read-export.ts';
import { seed, seedText } from '../../support/seed.ts';
import { partsWith, temporaryFolder } from '../support/backups.ts';
import { bsonDocuments, element, int32 } from '../support/bson-documents.ts';

const manifestOf = (parts: BackupManifest['parts']): BackupManifest => ({
  formatVersion: 1,
  engine: 'mongodb',
  serverVersion: '8.2.0',
  origin: 'compatible',
  method: 'made up',
  consistentPoint: true,
  position: 'none',
  parts,
});

const one = documentOf([element(0x10, '_id', int32(1))]);

/** As release 0.1 wrote it. */
const first = (file: unknown, more: object = {}) => ({
  collections: [
    {
      database: 'shop',
      name: 'orders',
      type: 'collection',
      options: {},
      indexes: [],
      file,
      documents: { $numberInt: '1' },
      ...more,
    },
  ],
  users: [],
  roles: [],
});

const current = (more: object = {}, collection: object = {}) => ({
  format: 2,
  collections: [
    {
      database: 'shop',
      name: 'orders',
      type: 'collection',
      indexes: 0,
      documents: 1,
      sizeBytes: one.length,
      ...collection,
    },
  ],
  roles: 0,
  users: 0,
  ...more,
});

const inText = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));

/** The code that an export with this catalogue is refused with; `taken` where it is not. */
async function outcomeOf(
  catalogue: unknown,
  contents: Readonly<Record<string, Buffer>>,
  prepare: (directory: string) => Promise<unknown> = async () => {},
): Promise<string> {
  await using folder = await temporaryFolder();
  const directory = join(folder.path, 'inner', 'mongodb');
  await mkdir(directory, { recursive: true });
  await writeFile(join(folder.path, 'outside.bson'), one);
  const parts = await partsWith(directory, { 'catalogue.json': inText(catalogue), ...contents });
  await prepare(directory);
  return await readExport(directory, manifestOf(parts)).then(
    () => 'taken',
    (thrown: unknown) => {
      if (thrown instanceof SandboxError) return thrown.code;
      throw thrown;
    },
  );
}

const files = { 'definitions.bson': documentOf([]), 'documents.bson': one };

test('the exports that the others are made from are taken', async () => {
  expect(await outcomeOf(current(), files)).toBe('taken');
  expect(await outcomeOf(first('shop.orders.bson'), { 'shop.orders.bson': one })).toBe('taken');
});

test('an export of release 0.1 is read as it was meant', async () => {
  await using folder = await temporaryFolder();
  const validator = { zz: { $exists: true } };
  const catalogue = {
    collections: [
      ...first('shop.orders.bson', {
        options: { validator },
        indexes: [{ key: { at: { $numberInt: '-1' } }, name: 'at_-1', expireAfterSeconds: { $numberInt: '60' } }],
      }).collections,
      {
        database: 'shop',
        name: 'seen',
        type: 'view',
        options: { viewOn: 'orders', pipeline: [] },
        indexes: [],
        documents: { $numberInt: '0' },
      },
    ],
    users: [{ user: 'ada', db: 'shop', roles: [{ role: 'reading', db: 'shop' }], mechanisms: ['SCRAM-SHA-256'] }],
    roles: [{ role: 'reading', db: 'shop', privileges: [], roles: [] }],
  };
  const parts = await partsWith(folder.path, { 'catalogue.json': JSON.stringify(catalogue), 'shop.orders.bson': one });
  const { collections, users, roles } = await readExport(folder.path, manifestOf(parts));
  expect(collections.map(({ name, type, documents }) => [name, type, documents])).toEqual([
    ['orders', 'collection', 1],
    ['seen', 'view', 0],
  ]);
  const [orders, seen] = collections;
  expect(BSON.deserialize(BSON.serialize(orders?.options as never))).toEqual({ validator });
  expect(BSON.deserialize(BSON.serialize(orders?.indexes[0] as never))).toEqual({
    key: { at: -1 },
    name: 'at_-1',
    expireAfterSeconds: 60,
  });
  expect(seen?.options.get('viewOn')).toBe('orders');
  expect([users[0]?.get('user'), roles[0]?.get('role')]).toEqual(['ada', 'reading']);
});

describe('a catalogue whose names of files lead elsewhere is refused', () => {
  test.each([
    ['out of the archive', '../../outside.bson', 'BACKUP_PATH_UNSAFE'],
    ['to a file of the machine', '/etc/passwd', 'BACKUP_PATH_UNSAFE'],
    ['to what is no name', { $numberInt: '7' }, 'BACKUP_PART_UNREADABLE'],
    ['to a file that the manifest lacks', 'stranger.bson', 'BACKUP_PART_FOREIGN'],
  ])('%s', async (_, file, code) => {
    expect(await outcomeOf(first(file), {}, (directory) => writeFile(join(directory, 'stranger.bson'), one))).toBe(
      code,
    );
  });

  test('to a pipe, which is not waited for, or to a link', async () => {
    const orders = join('shop.orders.bson');
    const replaced = (make: (path: string) => Promise<unknown>) =>
      outcomeOf(first(orders), { [orders]: one }, async (directory) => {
        await promisify(execFile)('rm', [join(directory, orders)]);
        await make(join(directory, orders));
      });
    expect(await replaced((path) => promisify(execFile)('mkfifo', [path]))).toBe('BACKUP_LINK');
    expect(await replaced((path) => symlink('../../outside.bson', path))).toBe('BACKUP_LINK');
  });
});

test.each([
  ['a later format', current({ format: 3 }), 'BACKUP_FORMAT_NEWER'],
  ['a format that is none', current({ format: 'two' }), 'BACKUP_PART_UNREADABLE'],
  ['no object', [], 'BACKUP_PART_UNREADABLE'],
  ['no collections', { format: 2 }, 'BACKUP_PART_UNREADABLE'],
  ['collections of another type', current({ collections: { length: 1 } }), 'BACKUP_PART_UNREADABLE'],
  ['a name that is none', current({}, { name: { $ne: 1 } }), 'BACKUP_PART_UNREADABLE'],
  ['a name of a file where there is none', current({}, { file: '../outside.bson' }), 'BACKUP_PART_UNREADABLE'],
  ['a prototype', '{"format":2,"collections":[],"roles":0,"users":0,"__proto__":{"x":1}}', 'BACKUP_PART_UNREADABLE'],
  ['more indexes than there are', current({}, { indexes: 1e15 }), 'BACKUP_PART_UNREADABLE'],
  ['a user that is none', current({ collections: [], users: 1 }), 'BACKUP_PART_UNREADABLE'],
  ['more users than there are', current({ users: 4 }), 'BACKUP_PART_UNREADABLE'],
  ['fewer definitions than there are', current({ collections: [] }), 'BACKUP_PART_UNREADABLE'],
  ['more documents than there are', current({}, { documents: 2 }), 'BACKUP_PART_UNREADABLE'],
  ['more bytes than there are', current({}, { sizeBytes: 1e15 }), 'BACKUP_PART_UNREADABLE'],
  ['fewer bytes than there are', current({}, { sizeBytes: 7 }), 'BACKUP_PART_UNREADABLE'],
  ['users of the first format that are none', { ...first('a'), users: [null] }, 'BACKUP_PART_UNREADABLE'],
  [
    'options of the first format that are no BSON',
    first('a.bson', { options: { a: { $numberLong: 'x' } } }),
    'BACKUP_PART_UNREADABLE',
  ],
])('a catalogue with %s is refused', async (_, catalogue, code) => {
  expect(await outcomeOf(catalogue, { ...files, 'a.bson': one })).toBe(code);
});

test(`of changed bytes nothing comes but a refusal or an export (${seedText})`, async () => {
  const good = { 'catalogue.json': Buffer.from(JSON.stringify(current())), ...files };
  type Name = keyof typeof good;
  const change = fc.record({
    name: fc.constantFrom<Name>('catalogue.json', 'definitions.bson', 'documents.bson'),
    place: fc.nat(400),
    bytes: fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 9 }),
      bsonDocuments.map((all) => Buffer.concat([...all])),
    ),
    removed: fc.nat(12),
  });
  const outcomes = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
      const contents = new Map<string, Buffer>(Object.entries(good));
      for (const { name, place, bytes, removed } of changes) {
        const was = contents.get(name) as Buffer;
        const at = place % (was.length + 1);
        contents.set(name, Buffer.concat([was.subarray(0, at), bytes, was.subarray(at + removed)]));
      }
      const { 'catalogue.json': catalogue, ...others } = Object.fromEntries(contents);
      const outcome = await outcomeOf(catalogue?.toString('utf8'), others);
      outcomes.add(outcome);
      expect(['taken', 'BACKUP_PART_UNREADABLE', 'BACKUP_FORMAT_NEWER', 'BACKUP_PART_FOREIGN']).toContain(outcome);
    }),
    { seed, numRuns: 300 },
  );
  expect([...outcomes]).toContain('BACKUP_PART_UNREADABLE');
});
