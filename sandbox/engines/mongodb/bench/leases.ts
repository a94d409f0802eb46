import type { Document, MongoClient } from 'mongodb';
import { type LeaseBench, type OtherWay, timed } from '../../contract/bench/lease-bench.ts';

/** What a fixture of a test does with a database that is there: all documents out, all documents in. */
const deleteAndInsert: OtherWay<MongoClient> = {
  name: 'deleteMany, insertMany of all collections',
  kind: 'as new',
  role: 'bare',
  async prepare({ client }) {
    const database = client.db();
    const names = (await database.listCollections({ type: 'collection' }).toArray()).map(({ name }) => name);
    const seeds = await Promise.all(names.map((name) => database.collection(name).find().toArray()));
    const refill = async (name: string, documents: readonly Document[]) => {
      await database.collection(name).deleteMany({});
      if (documents.length > 0) await database.collection(name).insertMany([...documents], { ordered: false });
    };
    return {
      run: () => timed(() => Promise.all(names.map((name, index) => refill(name, seeds[index] ?? [])))),
      [Symbol.asyncDispose]: async () => {},
    };
  },
};

export const leases: LeaseBench<MongoClient> = {
  write: (client) =>
    client
      .db()
      .collection('user_contents')
      .insertOne({
        user_id: 'of a test',
        content_type: 'note',
        title: 'a note',
        created_at: new Date(0),
      }),
  others: [deleteAndInsert],
};
