import { createHash } from 'node:crypto';
import { BSON, type Db, type Document } from 'mongodb';
import type { Fingerprint } from '../engine.ts';
import { buildParts } from '../expiring-parts.ts';
import type { RunningEngine } from '../topology.ts';
import { readCatalogue, readPrincipals } from './catalogue.ts';
import { withClient } from './connection.ts';
import { momentOfGoing } from './lifetimes.ts';

/**
 * The same data means: the same documents under the same keys, byte by byte as the server stores them; collections with
 * the same options (validators, how strictly they hold) and indexes with theirs (lifetimes, uniqueness); and the same
 * users and roles beside the stack's own. Passwords of users count where the server lets a restore bring them back,
 * which the stand-in does not.
 */
export async function fingerprint(running: RunningEngine): Promise<Fingerprint> {
  return withClient(running, async (database, client) => {
    const { users, roles } = await readPrincipals(client, running.image.origin !== 'compatible');
    const principals = { users: hashOf(users.map(canonical)), roles: hashOf(roles.map(canonical)) };
    const { parts, expiring } = await compositionOf(database);
    return { parts: { ...parts, ...principals }, expiring };
  });
}

/** Parts of one database. */
export async function partsOf(database: Db): Promise<Readonly<Record<string, string>>> {
  return (await compositionOf(database)).parts;
}

async function compositionOf(database: Db): Promise<Required<Fingerprint>> {
  const parts = buildParts();
  for (const { name, type, options, indexes } of await readCatalogue(database)) {
    parts.add(`${name} collection`, [canonical({ type, options, indexes })]);
    if (type === 'view') continue;
    const documentsPart = `${name} documents`;
    parts.add(documentsPart, []);
    const goesMsOf = momentOfGoing({ options, indexes });
    const documents = database.collection(name).find({}, { raw: true }).sort({ _id: 1 });
    for await (const document of documents) {
      const bytes = document as unknown as Buffer;
      parts.add(documentsPart, [bytes], goesMsOf?.(bytes));
    }
  }
  return parts.build();
}

function hashOf(lines: readonly string[]): string {
  return createHash('sha256').update(lines.join('\n')).digest('hex');
}

/** Canonical extended JSON: each value with its type. The order of fields is part of a document. */
export function canonical(document: Document): string {
  return BSON.EJSON.stringify(document, { relaxed: false });
}
