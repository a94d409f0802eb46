import type { MongoClient } from 'mongodb';
import type { EntityKeys, EntityRows, Place } from '../../contract/isolation.ts';
import { contentDocument, conversationDocument } from '../data/documents.ts';
import { insertOptions } from '../data/load.ts';
import type { CollectionName } from '../schema/collections.ts';

/** Adds documents to the database that a place's address names. */
export async function addRows(_: Place, rows: EntityRows, open: () => Promise<MongoClient>): Promise<void> {
  const insert = async (name: CollectionName, documents: readonly { readonly _id: string }[] = []) => {
    if (documents.length === 0) return;
    const client = await open();
    await client.db().collection<{ _id: string }>(name).insertMany(documents, insertOptions);
  };
  await insert('user_contents', rows.contents?.map(contentDocument));
  await insert('ai_conversations', rows.conversations?.map(conversationDocument));
}

export async function heldKeys(
  _: Place,
  { contents, conversations }: EntityKeys,
  open: () => Promise<MongoClient>,
): Promise<EntityKeys> {
  const held = async (name: CollectionName, ids: readonly string[]) => {
    const collection = (await open()).db().collection<{ _id: string }>(name);
    const found = await collection.find({ _id: { $in: ids } }, { projection: { _id: 1 } }).toArray();
    return found.map(({ _id }) => _id);
  };
  return {
    ...(contents && { contents: await held('user_contents', contents) }),
    ...(conversations && { conversations: await held('ai_conversations', conversations) }),
  };
}
