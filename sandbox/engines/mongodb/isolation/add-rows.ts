import type { MongoClient } from 'mongodb';
import type { EntityRows, Place } from '../../contract/isolation.ts';
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
