import { createWriteStream } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { BSON } from 'mongodb';
import type { BareTool } from '../../contract/backup.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { withClient } from '../server/connection.ts';
import { dumpTo, restoreFrom } from './dump-tool.ts';
import { parseDocument, readDocuments } from './export/bson-file.ts';

const archive = 'bare.archive';

/** `mongodump` where there is one. The stand-in has none: there it is a loop over the driver, and nothing else. */
export const bare: BareTool = {
  name: 'mongodump and mongorestore; on the stand-in a loop over the driver',
  backUp: async (running, directory) => {
    if (running.image.origin === 'compatible') await loopOut(running, directory);
    else await dumpTo(running, createWriteStream(join(directory, archive)));
  },
  restore: async (target, directory) => {
    if (target.image.origin === 'compatible') await loopIn(target, directory);
    else await restoreFrom(target, { file: join(directory, archive), isCompressed: false });
  },
};

async function loopOut(running: RunningEngine, directory: string): Promise<void> {
  await withClient(running, async (database) => {
    const collections = await database.listCollections().toArray();
    for (const { name } of collections) {
      const documents = database.collection(name).find({}, { raw: true });
      await pipeline(Readable.from(documents), createWriteStream(join(directory, `${name}.bson`)));
      const indexes = await database.collection(name).listIndexes().toArray();
      await writeFile(join(directory, `${name}.json`), BSON.EJSON.stringify(indexes));
    }
    await writeFile(join(directory, 'collections.json'), BSON.EJSON.stringify(collections));
  });
}

/** Indexes first, which is the faster way on the stand-in: see docs/measurements/loading.md. */
async function loopIn(target: RunningEngine, directory: string): Promise<void> {
  const parse = async (file: string) => BSON.EJSON.parse(await readFile(join(directory, file), 'utf8'));
  await withClient(target, async (database) => {
    for (const { name, options } of await parse('collections.json')) {
      const collection = await database.createCollection(name, options);
      for (const { key, v: _, ...rest } of await parse(`${name}.json`)) {
        if (rest.name !== '_id_') await collection.createIndex(key, rest);
      }
      const batch = [];
      for await (const bytes of readDocuments(join(directory, `${name}.bson`))) {
        batch.push(parseDocument(bytes));
        if (batch.length === 1_000) await collection.insertMany(batch.splice(0));
      }
      if (batch.length > 0) await collection.insertMany(batch);
    }
  });
}
