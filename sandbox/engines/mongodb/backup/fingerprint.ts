import { createHash } from 'node:crypto';
import type { Db } from 'mongodb';
import type { Fingerprint } from '../../contract/data.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { buildParts, type PartsBuilder } from '../../shared/backup/expiring-parts.ts';
import { databaseName, recordDatabaseName, withClient } from '../server/connection.ts';
import { readCatalogue, readPrincipals, userDatabases } from './catalogue.ts';
import { elementsOf } from './export/bson-bytes.ts';
import { momentOfGoing } from './lifetimes.ts';

/**
 * The same data means, in every database of people: the same documents under the same keys, byte by byte as the server
 * stores them; collections with the same options (validators, how strictly they hold) and indexes with theirs (lifetimes,
 * uniqueness, the order of their fields); and the same users and roles beside the stack's own. Passwords of users count
 * where the server lets a restore bring them back, which the stand-in does not.
 */
export async function fingerprint(running: RunningEngine): Promise<Fingerprint> {
  return withClient(running, async (platform, client) => {
    const { users, roles } = await readPrincipals(client, running.image.origin !== 'compatible');
    const whole = buildParts();
    await addDatabase(whole, platform, '');
    for (const name of await userDatabases(client)) {
      if (name !== databaseName && name !== recordDatabaseName) await addDatabase(whole, client.db(name), `${name}.`);
    }
    const { parts, expiring } = whole.build();
    return { parts: { ...parts, users: hashOf(users), roles: hashOf(roles) }, expiring };
  });
}

/** Read at once. */
const batchSize = 1_000;

/**
 * Documents of a capped collection in their order, which is part of it. Those of any other in none: the server need not
 * sort them, which it may do in memory, and a document that is there twice counts twice.
 */
export async function addDatabase(parts: PartsBuilder, database: Db, prefix: string): Promise<void> {
  for (const collection of await readCatalogue(database)) {
    const { name, type, options, indexes } = collection;
    parts.add(`${prefix}${name} collection`, [hashOf([Buffer.from(type), options, ...indexes])]);
    if (type === 'view') continue;
    const isCapped = elementsOf(options).some((option) => option.name === 'capped');
    const add = isCapped ? parts.add : parts.addUnordered;
    const part = `${prefix}${name} documents`;
    add(part, []);
    const goesMsOf = momentOfGoing(collection);
    for await (const document of database.collection(name).find({}, { raw: true, batchSize })) {
      const bytes = document as unknown as Buffer;
      add(part, [bytes], goesMsOf?.(bytes));
    }
  }
}

/** Each with its length, so that two lists are two. */
function hashOf(pieces: readonly Buffer[]): string {
  const hash = createHash('sha256');
  for (const piece of pieces) hash.update(`${piece.length} `).update(piece);
  return hash.digest('hex');
}
