import type { NodeHandle } from '../../../../sandbox/containers/nodes/node-spec.ts';
import { defineEngine, type Engine } from '../../../../sandbox/engines/contract/engine.ts';
import type { Topology } from '../../../../sandbox/engines/contract/topology.ts';
import type { EngineName } from '../../../../sandbox/engines/engine-names.ts';
import { redis } from '../../../../sandbox/engines/redis/engine.ts';
import { openClient } from '../../../../sandbox/engines/redis/server/connection.ts';
import { isConnectionLoss } from '../../../../sandbox/engines/redis/server/connection-loss.ts';

const address = ({ host, port }: Pick<NodeHandle, 'host' | 'port'>) => `redis://${host}:${port}`;

/** A server that keeps nothing and follows nobody: Redis's image, with no more than it needs to answer. */
const standalone: Topology = {
  name: 'standalone',
  nodes: () => [
    {
      name: 'core-only',
      role: 'server',
      ports: [6379],
      entrypoint: ['redis-server'],
      command: ['--save', '', '--protected-mode', 'no', '--bind', '*', '--dir', '/tmp'],
    },
  ],
};

/** What is there of an engine at least: the example of CONTRIBUTING.md. */
export const coreOnly: Engine = defineEngine({
  // A name that the product does not know: whoever registers it adds it to the list.
  name: 'core-only' as EngineName,
  title: 'Core only',
  image: redis.image,
  resources: () => ({ diskBytes: 10e6, memoryBytes: 64e6 }),
  topologies: { standalone },
  secretNames: [],
  async probe(node) {
    await using client = await openClient(node, {}, { commandTimeoutMs: 1_500 });
    const version = /^redis_version:(\S+)/m.exec(await client.info('server'))?.[1];
    if (version === undefined) throw new Error('INFO names no version');
    return version;
  },
  isConnectionLoss,
  uri: ({ nodes: [node] }) => (node === undefined ? '' : address(node)),
  environment: ({ nodes: [node] }) => ({ CORE_ONLY_URL: node === undefined ? '' : address(node) }),
}).without({
  metrics: 'there is nothing to measure',
  isolation: 'its tests share one store',
  insight: 'it does not tell what it was asked',
  quality: 'nobody has written contracts for it',
  replicated: 'it is one server',
  clustered: 'it has nothing to share out',
  schema: 'it takes what comes',
  data: 'it keeps nothing of the dataset',
  backup: 'there is nothing in it that could be lost',
  failover: 'nobody follows it',
  bench: 'the platform asks nothing of it',
  shell: 'its clients are programs',
  dataVersions: 'nothing of it is on disk',
});
