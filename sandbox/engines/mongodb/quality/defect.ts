import { type Document, Int32, type MongoClient } from 'mongodb';
import type { QualityDefect } from '../../contract/quality.ts';
import { databaseName, openForWork } from '../server/connection.ts';

const _id = 'quality-defect';

/** What the validator takes, and a contract does not. */
export const defect: QualityDefect = {
  check: 'mongodb.user_contents.incomplete',
  cause: 'a note has an empty title',
  plant: async (running) => {
    await using client = await openForWork(running);
    await contentsOf(client).insertOne({
      _id,
      user_id: _id,
      content_type: 'note',
      title: '',
      content: 'a text',
      silicon_level: new Int32(0),
      created_at: new Date(),
    });
    return async () => {
      await using again = await openForWork(running);
      await contentsOf(again).deleteOne({ _id });
    };
  },
};

function contentsOf(client: MongoClient) {
  return client.db(databaseName).collection<Document & { readonly _id: string }>('user_contents');
}
