import { createHash } from 'node:crypto';
import type { Db } from 'mongodb';
import type { Fingerprint } from '../engine.ts';
import type { RunningEngine } from '../topology.ts';
import { elementsOf } from './bson-bytes.ts';
import { readCatalogue, readPrincipals, userDatabases } from './catalogue.ts';
import { databaseName, recordDatabaseName, withClient } from './connection.ts';

/**
 * The same data means, in every database of people: the same documents under the same keys, byte by byte as the server
 * stores them; collections with the same options (validators, how strictly they hold) and indexes with theirs (lifetimes,
 * uniqueness, the order of their fields); and the same users and roles beside the stack's own. Passwords of users count
 * where the server lets a restore bring them back, which the stand-in does not.
 */
export async function fingerprint(running: RunningEngine): Promise<Fingerprint> {
  return withClient(running, async (platform, client) => {
    const { users, roles } = await readPrincipals(client, running.image.origin !== 'compatible');
    const parts = await partsOf(platform);
    for (const name of await userDatabases(client)) {
      if (name === databaseName || name === recordDatabaseName) continue;
      for (const [part, hash] of Object.entries(await partsOf(client.db(name)))) parts[`${name}.${part}`] = hash;
    }
    return { parts: { ...parts, users: hashOf(users), roles: hashOf(roles) } };
  });
}

/** Parts of one database. */
export async function partsOf(database: Db): Promise<Record<string, string>> {
  const parts: Record<string, string> = {};
  for (const { name, type, options, indexes } of await readCatalogue(database)) {
    parts[`${name} collection`] = hashOf([Buffer.from(type), options, ...indexes]);
    if (type === 'view') continue;
    const isCapped = elementsOf(options).some((option) => option.name === 'capped');
    parts[`${name} documents`] = await hashOfDocuments(database, name, isCapped);
  }
  return parts;
}

/** Read at once. */
const batchSize = 1_000;

/**
 * Of a capped collection in its order, which is part of it. Of any other the sum of the hashes of its documents: the
 * server need not sort them, which it may do in memory, and a document that is there twice counts twice.
 */
async function hashOfDocuments(database: Db, name: string, isCapped: boolean): Promise<string> {
  const documents = database.collection(name).find({}, { raw: true, batchSize });
  const inOrder = createHash('sha256');
  let sum = 0n;
  for await (const document of documents) {
    const bytes = document as unknown as Buffer;
    if (isCapped) inOrder.update(bytes);
    else sum += BigInt(`0x${createHash('sha256').update(bytes).digest('hex')}`);
  }
  return isCapped ? inOrder.digest('hex') : hashOf([Buffer.from(BigInt.asUintN(256, sum).toString(16))]);
}

/** Each with its length, so that two lists are two. */
function hashOf(pieces: readonly Buffer[]): string {
  const hash = createHash('sha256');
  for (const piece of pieces) hash.update(`${piece.length} `).update(piece);
  return hash.digest('hex');
}
