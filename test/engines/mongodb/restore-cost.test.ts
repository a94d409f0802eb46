import { join } from 'node:path';
import { BSON, MongoClient } from 'mongodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { BackupManifest } from '../../../sandbox/engines/contract/backup.ts';
import { documentOf } from '../../../sandbox/engines/mongodb/backup/export/bson-bytes.ts';
import { importCollections } from '../../../sandbox/engines/mongodb/backup/export/driver-import.ts';
import { contentDocument } from '../../../sandbox/engines/mongodb/data/documents.ts';
import { isTextIndex, readCollectionSchema } from '../../../sandbox/engines/mongodb/schema/collections.ts';
import { uri, withClient } from '../../../sandbox/engines/mongodb/server/connection.ts';
import { createStack, type Stack } from '../../../sandbox/stack/create-stack.ts';
import { createDataset } from '../../../seeds/create-dataset.ts';
import { runAsSandbox } from '../../support/as-sandbox.ts';
import { partsWith, temporaryFolder } from '../support/backups.ts';
import { element, int32, text } from '../support/bson-documents.ts';

/** Documents of the smaller export, whose garbage is not far from what it ever is, and of the larger: 100 MB more. */
const [few, many] = [400, 1_400];

/** What a peak may grow by from one to the other. Streamed it grows by some 25 MB, held by 185 MB. */
const growthBytesMax = 100e6;

const documentBytes = 100_000;

let stack: Stack<'mongodb'>;
beforeAll(async () => {
  stack = await createStack({ engines: ['mongodb'], size: 'none', schema: false, connect: false });
});
afterAll(() => stack?.dispose());

interface Measured {
  readonly held: number;
  readonly durationMs: number;
  readonly residentBytesMax: number;
}

/** Imports so many documents, in a process of its own. */
async function measure(documents: number, database: string, mode = 'stream'): Promise<Measured> {
  await using folder = await temporaryFolder();
  const filling = text(Buffer.alloc(documentBytes, 65));
  const all = Array.from({ length: documents }, (_, id) =>
    documentOf([element(0x10, '_id', int32(id)), element(0x02, 's', filling)]),
  );
  const sizeBytes = documents * (all[0]?.length ?? 0);
  const collection = { database, name: 'c', type: 'collection', indexes: 0, documents, sizeBytes };
  const parts = await partsWith(folder.path, {
    'catalogue.json': JSON.stringify({ format: 2, collections: [collection], roles: 0, users: 0 }),
    'definitions.bson': documentOf([]),
    'documents.bson': Buffer.concat(all),
  });
  const manifest = { engine: 'mongodb', parts } as unknown as BackupManifest;
  const program = join(import.meta.dirname, '..', 'support', 'print-import-memory.ts');
  const input = JSON.stringify({ running: stack.engines.mongodb, manifest });
  return JSON.parse(await runAsSandbox(program, [folder.path, database, mode], { input })) as Measured;
}

test('the peak of a restore does not grow with what is restored, nor with the size of its documents', async () => {
  const smaller = await measure(few, 'few');
  const larger = await measure(many, 'many');
  expect(larger.residentBytesMax - smaller.residentBytesMax).toBeLessThan(growthBytesMax);
  expect(larger.residentBytesMax).toBeLessThan(300e6);
  await withClient(stack.engines.mongodb, async (_, client) => {
    expect(await client.db('many').collection('c').estimatedDocumentCount()).toBe(many);
  });

  // The control: what is held is found.
  const holding = await measure(many, 'holding', 'hold');
  expect(holding.held).toBe(many);
  expect(holding.residentBytesMax - smaller.residentBytesMax).toBeGreaterThan(growthBytesMax);
}, 300_000);

/** Bytes that each message has at the least, but for the last: 1 MiB less the largest document of the dataset. */
const fullBytes = 900_000;

test('a restore sends each document once, in full messages, after the indexes and before those that delete', async () => {
  const { indexes } = await readCollectionSchema('user_contents');
  const keys = indexes.filter((key) => !isTextIndex(key));
  const named = keys.map((key, index) => ({ key, name: `index ${index}` }));
  const deleting = { key: { created_at: 1 }, name: 'lifetime', expireAfterSeconds: 2_000_000_000 };
  const documents: Buffer[] = [];
  for await (const batch of createDataset({ size: 'small' }).batches('contents')) {
    for (const row of batch) documents.push(Buffer.from(BSON.serialize(contentDocument(row))));
  }
  async function* read(): AsyncGenerator<Buffer> {
    yield* documents;
  }
  const maps = [...named, deleting].map(
    ({ key, ...index }) => new Map<string, unknown>([['key', new Map(Object.entries(key))], ...Object.entries(index)]),
  );
  const collection = { database: 'ours', name: 'c', type: 'collection', documents: documents.length, read };
  const sent: { readonly command: string; readonly documents: number }[] = [];
  await using client = new MongoClient(uri(stack.engines.mongodb), { monitorCommands: true });
  client.on('commandSucceeded', ({ commandName: command, reply }) => {
    if (command === 'insert') sent.push({ command, documents: (reply as { n: number }).n });
    if (command === 'createIndexes') sent.push({ command, documents: 0 });
  });
  await importCollections(client, [{ ...collection, options: new Map(), indexes: maps }], () => 'ours');

  const order = sent.map(({ command }) => command);
  const inserts = sent.filter(({ command }) => command === 'insert');
  expect(order).toEqual(['createIndexes', ...inserts.map(() => 'insert'), 'createIndexes']);
  expect(inserts.reduce((sum, { documents: count }) => sum + count, 0)).toBe(documents.length);
  const sizeBytes = documents.reduce((sum, { length }) => sum + length, 0);
  expect(inserts.length).toBeLessThanOrEqual(Math.ceil(sizeBytes / fullBytes) + Math.ceil(documents.length / 1_000));
  expect(await client.db('ours').collection('c').estimatedDocumentCount()).toBe(documents.length);
  expect(await client.db('ours').collection('c').indexes()).toHaveLength(named.length + 2);
});
