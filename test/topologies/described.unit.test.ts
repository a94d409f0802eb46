import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import type { ResolvedImage } from '../../sandbox/containers/images/image-spec.ts';
import type { NodeHandle, NodeSpec } from '../../sandbox/containers/nodes/node-spec.ts';
import type { Engine } from '../../sandbox/engines/contract/engine.ts';
import type { Topology, TopologyName } from '../../sandbox/engines/contract/topology.ts';
import { engineNames } from '../../sandbox/engines/engine-names.ts';
import { loadEngines } from '../../sandbox/engines/load-engines.ts';
import { mongodb } from '../../sandbox/engines/mongodb/engine.ts';
import { memberOptions } from '../../sandbox/engines/mongodb/server/client.ts';
import { replicaSetConfig } from '../../sandbox/engines/mongodb/server/topologies-replicated.ts';
import { neo4j } from '../../sandbox/engines/neo4j/engine.ts';
import { qdrant } from '../../sandbox/engines/qdrant/engine.ts';
import { chooseTopology, requireRunsOn } from '../../sandbox/stack/resolve/choose-topology.ts';

// What needs an official image is held against its documentation here; nothing of it has been run.
const image: ResolvedImage = { reference: 'official', digest: '', origin: 'official' };
const secrets = { root: 'a-password', keyFile: 'a-key', apiKey: 'an-api-key', default: 'a-password' };

function topologyOf(engine: Pick<Engine, 'topologies'>, name: TopologyName): Topology {
  const topology = engine.topologies[name];
  if (topology === undefined) throw new Error('it is not laid out so');
  return topology;
}

function describeNodes(engine: Pick<Engine, 'topologies'>, name: TopologyName): readonly NodeSpec[] {
  const hostPort = (node: string) => 20_000 + Number(/\d$/.exec(node)?.[0] ?? 0);
  return topologyOf(engine, name).nodes({ secrets, image, hostPort, address: (node) => `address of ${node}` });
}

const handleOf = ({ name, role, ports }: NodeSpec) =>
  ({ name, role, host: '127.0.0.1', port: ports[0] ?? 0, hostPorts: {} }) as unknown as NodeHandle;

describe('every engine', async () => {
  const engines = await loadEngines(engineNames);

  test.each(engines)('$name waits only for nodes that come before, and shows no password', (engine) => {
    for (const topology of Object.values(engine.topologies)) {
      const nodes = topology.nodes({ secrets, image, hostPort: () => 20_000, address: () => '10.0.0.1' });
      const names = nodes.map(({ name }) => name);
      expect(new Set(names).size).toBe(names.length);
      for (const [index, { after = [] }] of nodes.entries()) {
        expect(after.every((name) => names.indexOf(name) < index && names.includes(name))).toBe(true);
      }
      const visible = JSON.stringify(nodes.map(({ files: _, ...shown }) => shown));
      for (const secret of Object.values(secrets)) expect(visible).not.toContain(secret);
    }
  });
});

test.each([
  ['mongodb', 'replicated', mongodb],
  ['mongodb', 'clustered', mongodb],
  ['qdrant', 'clustered', qdrant],
] as const)('%s %s is refused on a stand-in with the reason', (_, name, engine) => {
  const topologies = { [engine.name]: name };
  const general = engine as unknown as Engine;
  const topology = chooseTopology(general, topologies);
  expect(topology.name).toBe(name);
  expect(() => requireRunsOn(general, topology, 'official')).not.toThrow();
  expect(() => requireRunsOn(general, topology, 'compatible')).toThrow(
    expect.objectContaining({ code: 'NOT_SUPPORTED', message: expect.stringMatching(/stand-in|SecantusDB/) }),
  );
});

test('members of a replica set listen on the port that they are reached on', () => {
  const nodes = describeNodes(mongodb, 'replicated');
  expect(nodes.map(({ ports }) => ports)).toEqual([[20_001], [20_002], [20_003]]);
  for (const { command = [], ports } of nodes) expect(command.slice(-2)).toEqual(['--port', String(ports[0])]);
  // A member with data of its own could not join.
  expect(nodes.map(({ environment = {} }) => 'MONGO_INITDB_ROOT_USERNAME' in environment)).toEqual([
    true,
    false,
    false,
  ]);
  expect(replicaSetConfig(nodes.map(handleOf)).members).toEqual([
    { _id: 0, host: 'mongodb-1:20001' },
    { _id: 1, host: 'mongodb-2:20002' },
    { _id: 2, host: 'mongodb-3:20003' },
  ]);
});

test('an ordinary client finds every member on the loopback address, and is never tied to one', async () => {
  const nodes = describeNodes(mongodb, 'replicated').map(handleOf);
  const uri = mongodb.uri({ nodes, secrets, topology: 'replicated', image });
  expect(uri).toContain('@mongodb-1:20001,mongodb-2:20002,mongodb-3:20003/');
  expect(uri).toContain('replicaSet=taishang');
  expect(uri).not.toContain('directConnection');
  const found = await new Promise((resolve) => {
    memberOptions.lookup('mongodb-2', { all: true }, (_, addresses) => resolve(addresses));
  });
  expect(found).toEqual([{ address: '127.0.0.1', family: 4 }]);
});

test('a sharded cluster has a router first, which clients talk to', () => {
  const nodes = describeNodes(mongodb, 'clustered');
  expect(nodes.map(({ role }) => role)).toEqual(['router', 'config server', 'shard', 'shard']);
  expect(nodes[1]?.command).toContain('--configsvr');
  expect(nodes[2]?.command).toEqual(expect.arrayContaining(['--shardsvr', '--replSet', 'mongodb-shard-1']));
  for (const { command, environment, volumes } of nodes.slice(1)) {
    // The official image would start a shard without its set to make a user, and put a config server's data elsewhere.
    expect(environment).toEqual({});
    expect(command?.join(' ')).toContain('--dbpath /data/db');
    expect(volumes).toEqual([{ name: 'data', path: '/data/db' }]);
  }
  const uri = mongodb.uri({ nodes: nodes.map(handleOf), secrets, topology: 'clustered', image });
  expect(uri).toContain('directConnection=true');
});

test('peers of Qdrant join the first one, keep three copies and acknowledge with two', () => {
  const nodes = describeNodes(qdrant, 'clustered');
  expect(nodes.map(({ command }) => command)).toEqual([
    ['http://qdrant-1:6335', 'http://qdrant-2:6335', 'first'],
    ['http://qdrant-2:6335', 'http://qdrant-1:6335'],
    ['http://qdrant-3:6335', 'http://qdrant-1:6335'],
  ]);
  for (const { environment, ports } of nodes) {
    expect(ports).toEqual([6333]);
    expect(environment).toMatchObject({
      QDRANT__CLUSTER__ENABLED: 'true',
      QDRANT__STORAGE__COLLECTION__REPLICATION_FACTOR: '3',
      QDRANT__STORAGE__COLLECTION__WRITE_CONSISTENCY_FACTOR: '2',
    });
  }
});

test('the first peer joins nobody at its first start, and the others once its data may be lost', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'taishang-peer-'));
  try {
    await writeFile(join(folder, 'entrypoint.sh'), '#!/bin/sh\necho "$@"\n', { mode: 0o755 });
    const [first] = describeNodes(qdrant, 'clustered');
    const script = first?.files?.find(({ path }) => path.endsWith('start-peer.sh'))?.content.toString() ?? '';
    const start = () =>
      execa('/bin/sh', ['-c', script, 'start-peer.sh', ...(first?.command ?? [])], {
        cwd: folder,
        env: { TMPDIR: folder },
      });
    expect((await start()).stdout).toBe('--uri http://qdrant-1:6335');
    expect((await start()).stdout).toBe('--uri http://qdrant-1:6335 --bootstrap http://qdrant-2:6335');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('Neo4j has a primary and a standby, whose first roles its start script reads', () => {
  const nodes = describeNodes(neo4j, 'replicated');
  expect(nodes.map(({ name, environment }) => [name, environment?.TAISHANG_FIRST_ROLE])).toEqual([
    ['neo4j', 'primary'],
    ['neo4j-standby', 'standby'],
  ]);
});
