import assert from 'node:assert/strict';
import { MongoClient, MongoServerError } from 'mongodb';
import type { Dataset } from '../../../../../seeds/dataset.ts';
import { now } from '../../../../core/clock.ts';
import type { ContractCase } from '../../../contract/schema.ts';
import type { RunningEngine } from '../../../contract/topology.ts';
import { uri, withClient } from '../../server/connection.ts';
import { collectionNames, indexName, isTextIndex, noTextIndexes, readCollectionSchema } from '../collections.ts';

export const objectCases: readonly ContractCase[] = [
  { name: 'a client without the password is refused', run: passwordIsNeeded },
  { name: 'the four collections are there, two with their validators', run: collectionsAreThere },
  { name: 'the indexes on fields are there', run: (running) => indexesAreThere(running, false) },
  {
    name: 'the text index is there and finds words',
    notRunOn: { compatible: noTextIndexes },
    run: async (running) => {
      await indexesAreThere(running, true);
      await textIsFound(running);
    },
  },
  { name: 'queries by user, type, tag, level and session use their indexes', run: indexesAreUsed },
  { name: 'a transaction is taken back as a whole', run: transactionsRollBack },
  { name: 'a change stream sees a write', run: changesAreSeen },
];

async function passwordIsNeeded(running: RunningEngine): Promise<void> {
  const refused = [uri(running).replace(/\/\/[^@]*@/, '//'), uri(running).replace(/:[^:@]*@/, ':wrong@')];
  for (const address of refused) {
    await using client = new MongoClient(address, { serverSelectionTimeoutMS: 5_000 });
    await assert.rejects(client.db('taishang_content').collection('user_contents').findOne(), MongoServerError);
  }
}

async function collectionsAreThere(running: RunningEngine): Promise<void> {
  await withClient(running, async (database) => {
    const found = await database.listCollections().toArray();
    for (const name of collectionNames) {
      const collection = found.find((candidate) => candidate.name === name);
      assert.ok(collection !== undefined, `${name} is missing`);
      const options = 'options' in collection ? collection.options : undefined;
      assert.deepEqual(options?.validator, (await readCollectionSchema(name)).validator, `validator of ${name}`);
    }
  });
}

async function indexesAreThere(running: RunningEngine, text: boolean): Promise<void> {
  await withClient(running, async (database) => {
    for (const name of collectionNames) {
      const { indexes } = await readCollectionSchema(name);
      const found = new Set((await database.collection(name).listIndexes().toArray()).map((index) => index.name));
      for (const key of indexes.filter((candidate) => isTextIndex(candidate) === text)) {
        assert.ok(found.has(indexName(key)), `${name} has no index ${indexName(key)}`);
      }
    }
  });
}

async function textIsFound(running: RunningEngine): Promise<void> {
  await withClient(running, async (database, client) => {
    const word = 'taishangcontractword';
    await client.withSession(async (session) => {
      const contents = database.collection('user_contents');
      const document = { user_id: 'contract', content_type: 'note', title: word, created_at: now() };
      const { insertedId } = await contents.insertOne(document, { session });
      try {
        const found = await contents.find({ $text: { $search: word } }, { session }).toArray();
        assert.deepEqual(
          found.map(({ _id }) => _id),
          [insertedId],
        );
      } finally {
        await contents.deleteOne({ _id: insertedId });
      }
    });
  });
}

/** Queries of the platform by the index that each is for. */
const queries = [
  { collection: 'user_contents', filter: { user_id: 'x' }, index: 'user_id_1_created_at_-1' },
  { collection: 'user_contents', filter: { content_type: 'note' }, index: 'content_type_1_created_at_-1' },
  { collection: 'user_contents', filter: { tags: 'x' }, index: 'tags_1' },
  { collection: 'user_contents', filter: { silicon_level: 3 }, index: 'silicon_level_1' },
  { collection: 'ai_conversations', filter: { user_id: 'x' }, index: 'user_id_1_created_at_-1' },
  { collection: 'ai_conversations', filter: { session_id: 'x' }, index: 'session_id_1' },
  { collection: 'ai_conversations', filter: { created_at: { $lt: new Date(0) } }, index: 'created_at_-1' },
] as const;

async function indexesAreUsed(running: RunningEngine): Promise<void> {
  await withClient(running, async (database) => {
    for (const { collection, filter, index } of queries) {
      const plan = await database.collection(collection).find(filter).explain('queryPlanner');
      assert.ok(
        JSON.stringify(plan).includes(`"${index}"`),
        `${collection} ${JSON.stringify(filter)} does not use ${index}`,
      );
    }
  });
}

async function transactionsRollBack(running: RunningEngine): Promise<void> {
  await withClient(running, async (database, client) => {
    const user_id = 'contract transaction';
    await client.withSession(async (session) => {
      session.startTransaction({ writeConcern: { w: 'majority' } });
      for (const title of ['first', 'second']) {
        const document = { user_id, content_type: 'note', title, created_at: now() };
        await database.collection('user_contents').insertOne(document, { session });
      }
      const inside = await database.collection('user_contents').countDocuments({ user_id }, { session });
      await session.abortTransaction();
      assert.equal(inside, 2, 'a transaction does not see its own writes');
    });
    assert.equal(
      await database.collection('user_contents').countDocuments({ user_id }),
      0,
      'a write outlived its transaction',
    );
  });
}

async function changesAreSeen(running: RunningEngine, dataset: Dataset): Promise<void> {
  await withClient(running, async (database) => {
    const contents = database.collection('user_contents');
    const user_id = `contract change stream ${dataset.seed}`;
    await using changes = contents.watch([{ $match: { 'fullDocument.user_id': user_id } }]);
    // The stream begins with its first request: a write before it would not be seen.
    await changes.tryNext();
    const { insertedId } = await contents.insertOne({
      user_id,
      content_type: 'note',
      title: 't',
      created_at: now(),
    });
    try {
      const change = await changes.next();
      assert.equal(change.operationType, 'insert');
    } finally {
      await contents.deleteOne({ _id: insertedId });
    }
  });
}
