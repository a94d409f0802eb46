import { randomUUID } from 'node:crypto';
import type { Db, Document } from 'mongodb';
import type { Leak } from '../../../contract/isolation.ts';
import { databaseName } from '../../server/connection.ts';
import { content, isAllowed, refusedCommand, withClients } from './clients.ts';

/** Another attempt may have changed the validator. */
const unchecked = { bypassDocumentValidation: true } as const;

type Contents = Document & { readonly _id: string };

const contentsOf = (database: Db) => database.collection<Contents>('user_contents');

/** What is in a database, and the ways from one into another. */
export const leaksOfDatabases: readonly Leak[] = [
  {
    name: 'documents',
    verdict: 'isolated',
    attempt: (...places) =>
      withClients(places, async (attacker, victim) => {
        const { _id } = await insert(attacker);
        const seen = await contentsOf(victim).find({ _id }).toArray();
        return seen.map(() => `document ${_id}`);
      }),
  },
  {
    name: 'indexes',
    verdict: 'isolated',
    attempt: (...places) =>
      withClients(places, async (attacker, victim) => {
        const name = await contentsOf(attacker).createIndex({ [`leak_${randomUUID()}`]: 1 });
        const seen = await contentsOf(victim).listIndexes().toArray();
        return seen.filter((index) => index.name === name).map(() => `index ${name}`);
      }),
  },
  {
    name: 'validators',
    verdict: 'isolated',
    attempt: (...places) =>
      withClients(places, async (attacker, victim) => {
        const validator = { leak: { $exists: true } };
        await attacker.command({ collMod: 'user_contents', validator });
        const [seen] = await victim.listCollections({ name: 'user_contents' }).toArray();
        return JSON.stringify(seen).includes(JSON.stringify(validator)) ? ['the validator'] : [];
      }),
  },
  {
    name: 'collections',
    verdict: 'isolated',
    attempt: (...places) =>
      withClients(places, async (attacker, victim) => {
        const { collectionName: name } = await attacker.createCollection(`leak_${randomUUID()}`);
        return (await victim.listCollections({ name }).toArray()).map(() => `collection ${name}`);
      }),
  },
  {
    name: "documents of another place's database",
    verdict: 'isolated',
    attempt: (...places) =>
      withClients(places, async (attacker, victim) => {
        const others = contentsOf(attacker.client.db(victim.databaseName));
        const id = `leak ${randomUUID()}`;
        const done = [
          ...((await isAllowed(() => others.findOne())) ? ['it was read'] : []),
          ...((await isAllowed(() => others.insertOne(content(id), unchecked))) ? ['it was written to'] : []),
        ];
        const seen = await contentsOf(victim).countDocuments({ _id: id });
        return seen === 0 ? done : [...done, `document ${id}`];
      }),
  },
  {
    name: "the stack's own database",
    verdict: 'isolated',
    attempt: (...places) =>
      withClients(places, async (attacker) => {
        const own = contentsOf(attacker.client.db(databaseName));
        return (await isAllowed(() => own.findOne())) ? ['it was read'] : [];
      }),
  },
  {
    name: '$merge and $out into another database',
    verdict: 'isolated',
    attempt: (...places) =>
      withClients(places, async (attacker, victim) => {
        await insert(attacker);
        const coll = `leak_${randomUUID()}`;
        for (const stage of ['$merge', '$out'] as const) {
          const into = { db: victim.databaseName, coll };
          const pipeline = [{ [stage]: stage === '$merge' ? { into } : into }];
          await isAllowed(() => contentsOf(attacker).aggregate(pipeline).toArray());
        }
        return (await victim.listCollections({ name: coll }).toArray()).map(() => `collection ${coll}`);
      }),
  },
  {
    name: 'renameCollection into another database',
    verdict: 'isolated',
    verdictOn: { compatible: 'detected' },
    note: 'SecantusDB 0.7 asks for no privilege of the database that a collection comes into; MongoDB does.',
    attempt: (...places) =>
      withClients(places, async (attacker, victim) => {
        const { collectionName: name } = await attacker.createCollection(`leak_${randomUUID()}`);
        const to = `${name}_moved`;
        const command = { renameCollection: `${attacker.databaseName}.${name}`, to: `${victim.databaseName}.${to}` };
        await isAllowed(() => attacker.client.db('admin').command(command));
        return (await victim.listCollections({ name: to }).toArray()).map(() => `collection ${to}`);
      }),
  },
  {
    name: 'dropDatabase of another database',
    verdict: 'isolated',
    attempt: refusedCommand(() => ({ dropDatabase: 1 }), { database: ({ id }) => id }),
  },
  {
    name: 'names of other databases',
    verdict: 'isolated',
    attempt: (...places) =>
      withClients(places, async (attacker, victim) => {
        let names: readonly string[] = [];
        await isAllowed(async () => {
          const { databases } = await attacker.client.db('admin').admin().listDatabases({ nameOnly: true });
          names = databases.map(({ name }) => name);
        });
        return names.filter((name) => name === victim.databaseName);
      }),
  },
];

async function insert(database: Db): Promise<Contents> {
  const document = content(`leak ${randomUUID()}`);
  await contentsOf(database).insertOne(document, unchecked);
  return document;
}
