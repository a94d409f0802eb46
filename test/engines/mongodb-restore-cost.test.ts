import { join } from 'node:path';
import { BSON, type Document, type MongoClient } from 'mongodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { execInNode } from '../../sandbox/containers/exec.ts';
import type { BackupManifest } from '../../sandbox/engines/backup.ts';
import { documentOf } from '../../sandbox/engines/mongodb/bson-bytes.ts';
import { isTextIndex, readCollectionSchema } from '../../sandbox/engines/mongodb/collections.ts';
import { firstNode, withClient } from '../../sandbox/engines/mongodb/connection.ts';
import { contentDocument } from '../../sandbox/engines/mongodb/documents.ts';
import { importCollections } from '../../sandbox/engines/mongodb/driver-import.ts';
import { createStack, type Stack } from '../../sandbox/stack/create-stack.ts';
import { createDataset } from '../../seeds/create-dataset.ts';
import { runAsSandbox } from '../support/as-sandbox.ts';
import { partsWith, temporaryFolder } from './support/backups.ts';
import { element, int32, text } from './support/bson-documents.ts';

/** Documents of the smaller export, whose garbage is not far from what it ever is, and of the larger: 160 MB more. */
const [few, many] = [400, 2_000];

/** What a peak may grow by from one to the other. Streamed it grows by 30 to 46 MB, held by 220 to 245 MB. */
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
  const program = join(import.meta.dirname, 'support', 'print-import-memory.ts');
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

/** What a restore may cost the server beside a loop of the driver: that makes the same indexes and inserts the same. */
const costRatioMax = 1.3;

test('a restore costs the server what a bare loop of the driver does, and less than one that makes indexes last', async () => {
  const { indexes } = await readCollectionSchema('user_contents');
  const keys = indexes.filter((key) => !isTextIndex(key));
  const named = keys.map((key, index) => ({ key, name: `index ${index}` }));
  const documents: Document[] = [];
  for await (const batch of createDataset({ size: 'small' }).batches('contents')) {
    documents.push(...batch.map((row) => ({ ...contentDocument(row) })));
  }
  documents.splice(1_000);
  const bytes = documents.map((document) => Buffer.from(BSON.serialize(document)));
  async function* read(): AsyncGenerator<Buffer> {
    yield* bytes;
  }
  const described = { database: 'ours', name: 'c', type: 'collection', documents: documents.length, read };
  const restore = (client: MongoClient, database: string) => {
    const maps = named.map(
      ({ key, name }) =>
        new Map<string, unknown>([
          ['key', new Map(Object.entries(key))],
          ['name', name],
        ]),
    );
    return importCollections(client, [{ ...described, options: new Map(), indexes: maps }], () => database);
  };
  const loop = async (client: MongoClient, database: string, indexesFirst: boolean) => {
    const collection = client.db(database).collection('c');
    if (indexesFirst) await collection.createIndexes(named);
    await collection.insertMany(documents, { bypassDocumentValidation: true });
    if (!indexesFirst) await collection.createIndexes(named);
  };
  const costs = { ours: 0, bare: 0, indexesLast: 0 };
  await withClient(stack.engines.mongodb, async (_, client) => {
    costs.bare = await serverCost(() => loop(client, 'bare', true));
    costs.ours = await serverCost(() => restore(client, 'ours'));
    costs.indexesLast = await serverCost(() => loop(client, 'last', false));
  });
  expect(costs.ours / costs.bare).toBeLessThan(costRatioMax);
  // The control: what it cost before.
  expect(costs.indexesLast / costs.bare).toBeGreaterThan(costRatioMax);
});

/** Processor time of the server, in the kernel's ticks: on the clock a busy machine counts too. */
async function serverCost(work: () => Promise<unknown>): Promise<number> {
  const ticks = async () => {
    const { output } = await execInNode(firstNode(stack.engines.mongodb), ['cat', '/proc/1/stat']);
    // After the name in brackets: utime and stime are the 14th and 15th of all (proc(5)).
    const fields = output.slice(output.lastIndexOf(')') + 2).split(' ');
    return Number(fields[11]) + Number(fields[12]);
  };
  const before = await ticks();
  await work();
  return (await ticks()) - before;
}
