import type { Document, MongoClient } from 'mongodb';
import type { LeftOut } from '../../contract/backup.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { withClient } from '../server/connection.ts';
import { databaseNames, readPrincipals } from './catalogue.ts';
import { textOf } from './export/bson-bytes.ts';

/** What members keep for themselves in `local` (MongoDB documentation, "The local Database"; server, `replset.` names). */
const memberCollections = /^(oplog\.rs|startup_log|clustermanager|me|temp_oplog_buffer|replset\..*|system\..*)$/;

/**
 * What a backup does not hold, of either way: collections of `local`, which is a member's own; what the profiler has
 * logged; on the stand-in also collections of `config`, of which it has none itself, and passwords of users; of a cluster
 * the zones. Not named are the databases that a restore has made beside the live data: they came out of an archive.
 */
export async function leftOut(running: RunningEngine): Promise<readonly LeftOut[]> {
  const isStandIn = running.image.origin === 'compatible';
  return withClient(running, async (_, client) => [
    ...(running.topology === 'clustered' ? await zones(client) : await memberData(client)),
    ...(isStandIn ? await configData(client) : []),
    ...(await profiles(client)),
    ...(isStandIn ? await passwords(client) : []),
  ]);
}

async function memberData(client: MongoClient): Promise<readonly LeftOut[]> {
  const names = await collectionsOf(client, 'local');
  return names
    .filter((name) => !memberCollections.test(name))
    .map((name) => collection('local', name, 'each member has its own, and no backup has it'));
}

async function configData(client: MongoClient): Promise<readonly LeftOut[]> {
  const names = await collectionsOf(client, 'config');
  return names
    .filter((name) => !name.startsWith('system.'))
    .map((name) => collection('config', name, 'the server keeps its own records there'));
}

async function profiles(client: MongoClient): Promise<readonly LeftOut[]> {
  const found: LeftOut[] = [];
  for (const database of await databaseNames(client)) {
    const logged = (await collectionsOf(client, database)).includes('system.profile');
    const why = 'what the profiler has logged cannot be written back';
    if (logged) found.push(collection(database, 'system.profile', why));
  }
  return found;
}

async function passwords(client: MongoClient): Promise<readonly LeftOut[]> {
  const { users } = await readPrincipals(client, false);
  return users.map((user) => ({
    what: `password of user ${JSON.stringify(`${textOf(user, 'db')}.${textOf(user, 'user')}`)}`,
    why: 'the stand-in shows the hash of a password but takes none back',
  }));
}

async function zones(client: MongoClient): Promise<readonly LeftOut[]> {
  const tags = await client.db('config').collection<Document>('tags').distinct('ns');
  return tags.map((namespace) => ({
    what: `zones of ${JSON.stringify(String(namespace))}`,
    why: 'a dump through a router describes no shards',
  }));
}

async function collectionsOf(client: MongoClient, database: string): Promise<readonly string[]> {
  const found = await client.db(database).listCollections({}, { nameOnly: true }).toArray();
  return found.map(({ name }) => name).toSorted();
}

function collection(database: string, name: string, why: string): LeftOut {
  return { what: `collection ${JSON.stringify(`${database}.${name}`)}`, why };
}
