import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NodeSpec } from '../../../containers/nodes/node-spec.ts';
import { firstNode, type RunningEngine, type Topology, type TopologyContext } from '../../contract/topology.ts';
import { databaseName, withDirectClient } from './connection.ts';
import { secretFile, serverNode } from './topologies.ts';
import { noMembers } from './topologies-replicated.ts';

/** Replica sets of one member each: what is shown is how data is spread, and not how it survives. */
const configName = 'mongodb-config-1';
const shardNames = ['mongodb-shard-1', 'mongodb-shard-2'] as const;
const routerName = 'mongodb-router-1';

const fileOf = (name: string) => readFileSync(join(import.meta.dirname, '..', 'scripts', name), 'utf8');

/**
 * A config server, two shards and a router, which is what clients talk to. The router initiates the sets before it
 * starts: without a config server that has a primary it would answer nobody.
 */
export const clustered: Topology = {
  name: 'clustered',
  notRunOn: { compatible: noMembers },
  nodes: (context) => [
    router(context),
    dataNode(configName, '--configsvr', context),
    ...shardNames.map((name) => dataNode(name, '--shardsvr', context)),
  ],
  form: addShards,
};

/**
 * Neither makes a user when it starts first: for that the official image starts the server without `--replSet`, and a
 * shard refuses to be one then ("Cannot start a shardsvr as a standalone server"). The router makes it, see `initiate.js`.
 * The official image would put a config server's data outside of the volume, into `/data/configdb`.
 */
function dataNode(name: string, kind: '--configsvr' | '--shardsvr', { secrets }: TopologyContext): NodeSpec {
  const base = serverNode(name, kind === '--configsvr' ? 'config server' : 'shard', secrets, name);
  // Either kind changes the default port.
  const command = [...(base.command ?? []), kind, '--port', '27017', '--dbpath', '/data/db'];
  return { ...base, environment: {}, command };
}

function router({ secrets }: TopologyContext): NodeSpec {
  return {
    name: routerName,
    role: 'router',
    ports: [27017],
    entrypoint: ['/bin/bash', '/run/taishang/start-router.sh'],
    command: [`${configName}/${configName}:27017`, ...[configName, ...shardNames]],
    files: [
      { path: '/run/taishang/start-router.sh', content: fileOf('start-router.sh'), mode: 0o755 },
      { path: '/run/taishang/initiate.js', content: fileOf('initiate.js') },
      secretFile('root-password', secrets.root ?? ''),
      secretFile('key-file', secrets.keyFile ?? ''),
    ],
  };
}

/** Makes the shards known to the router, and lets the platform's database be spread. */
async function addShards(running: RunningEngine): Promise<void> {
  await withDirectClient(firstNode(running), running.secrets, async (client) => {
    const admin = client.db('admin');
    const { shards } = await admin.command({ listShards: 1 });
    const known = (shards as readonly { readonly _id: string }[]).map(({ _id }) => _id);
    for (const name of shardNames) {
      if (!known.includes(name)) await admin.command({ addShard: `${name}/${name}:27017`, name });
    }
    await admin.command({ enableSharding: databaseName });
  });
}
