import type { Db, Document } from 'mongodb';
import type { NodeFile, NodeSpec } from '../../../containers/nodes/node-spec.ts';
import { firstNode, type RunningEngine, type Secrets, type Topology } from '../../contract/topology.ts';
import { untilAgreed } from '../../shared/server/until-agreed.ts';
import { replicaSet, userName, withClient } from './connection.ts';

/** User of the server in the official image and in ours. */
const mongodbUser = 999;

export const mongodPort = 27_017;

export function secretFile(name: string, content: string): NodeFile {
  return { path: `/run/taishang/${name}`, content, mode: 0o400, owner: mongodbUser };
}

/** What every `mongod` has, whatever set it is a member of. */
export function serverNode(name: string, role: string, secrets: Secrets, set = replicaSet): NodeSpec {
  return {
    name,
    role,
    ports: [mongodPort],
    environment: {
      MONGO_INITDB_ROOT_USERNAME: userName,
      MONGO_INITDB_ROOT_PASSWORD_FILE: '/run/taishang/root-password',
    },
    command: [
      'mongod',
      // Transactions and change streams need a replica set, of one member too; members with users need a key file.
      ...['--replSet', set, '--keyFile', '/run/taishang/key-file', '--bind_ip_all'],
      // The least that mongod takes.
      ...['--wiredTigerCacheSizeGB', '0.25'],
    ],
    files: [secretFile('root-password', secrets.root ?? ''), secretFile('key-file', secrets.keyFile ?? '')],
    volumes: [{ name: 'data', path: '/data/db' }],
  };
}

/** A replica set of one member. */
export const standalone: Topology = {
  name: 'standalone',
  nodes: ({ secrets }) => [serverNode('mongodb', 'primary', secrets)],
  form: initiate,
};

/** Initiates the set unless it is one already, and waits until its member takes writes. */
async function initiate(running: RunningEngine): Promise<void> {
  await withClient(running, async (_, client) => {
    const admin = client.db('admin');
    const members = [{ _id: 0, host: `${firstNode(running).name}:27017` }];
    await initiateSet(admin, { _id: replicaSet, members });
    await untilAgreed(
      'mongodb',
      async () => (await admin.command({ hello: 1 })).isWritablePrimary === true,
      (last) => `The replica set of one member has no primary: ${last}`,
    );
  });
}

/** The server's own word for a set that is initiated already (its `error_codes.yml`, `AlreadyInitialized`). */
const alreadyInitialized = 23;

/**
 * Initiates a set unless it is one. A member that has just started says that it is of none until it has read what it is
 * of from its disk, and refuses to be initiated then: it is what it was to become.
 */
export async function initiateSet(admin: Pick<Db, 'command'>, config: Document): Promise<void> {
  const { setName } = await admin.command({ hello: 1 });
  if (setName !== undefined) return;
  await admin.command({ replSetInitiate: config }).catch((thrown: { readonly code?: unknown }) => {
    if (thrown.code !== alreadyInitialized) throw thrown;
  });
}
