import { describe, expect, test } from 'vitest';
import type { ResolvedImage } from '../../sandbox/containers/images/image-spec.ts';
import type { NodeHandle } from '../../sandbox/containers/nodes/node-spec.ts';
import type { Engine } from '../../sandbox/engines/contract/engine.ts';
import { hasAll } from '../../sandbox/engines/contract/lacks.ts';
import { hasExporters } from '../../sandbox/engines/contract/metrics.ts';
import type { RunningEngine, Topology } from '../../sandbox/engines/contract/topology.ts';
import { engineNames } from '../../sandbox/engines/engine-names.ts';
import { loadEngines } from '../../sandbox/engines/load-engines.ts';
import { monitoringPassword } from '../../sandbox/engines/shared/metrics/monitoring-login.ts';
import { sourceOf } from '../../sandbox/monitoring/source-of.ts';

const secrets = {
  ...{ postgres: 'of-postgres', root: 'of-root', keyFile: 'of-key-file', neo4j: 'of-neo4j' },
  ...{ apiKey: 'of-qdrant', default: 'of-redis', replication: 'of-replication' },
};
const image: ResolvedImage = { reference: 'an-image', digest: '', origin: 'compatible' };

/** As it would run, with every port published 10,000 higher. */
function runningAs(engine: Engine, topology: Topology): RunningEngine {
  const hostPort = (_: string, port: number) => port + 10_000;
  const specs = topology.nodes({ secrets, image, hostPort, address: () => '10.0.0.1' });
  const nodes = specs.map(({ name, role, ports }) => {
    const hostPorts = Object.fromEntries(ports.map((port) => [port, hostPort(name, port)]));
    return { name, role, host: '127.0.0.1', port: ports[0] ?? 0, hostPorts } as unknown as NodeHandle;
  });
  return { engine: engine.name, topology: topology.name, image, serverVersion: '', nodes, secrets };
}

/** Where the nodes of an engine do not all share their users, those that do. */
const userStores: Readonly<Record<string, readonly (readonly string[])[]>> = {
  // The users of the config server are the router's.
  'mongodb clustered': [['mongodb-router-1'], ['mongodb-shard-1'], ['mongodb-shard-2']],
  'neo4j replicated': [['neo4j'], ['neo4j-standby']],
  'redis replicated': [['redis-1'], ['redis-2'], ['redis-3']],
  'redis clustered': ['1', '2', '3', '4', '5', '6'].map((number) => [`redis-${number}`]),
};

const cases = (await loadEngines(engineNames)).flatMap((engine) =>
  hasAll(engine, 'metrics')
    ? Object.values(engine.topologies).map((topology) => ({
        name: `${engine.name} ${topology.name}`,
        engine,
        topology,
      }))
    : [],
);

describe.each(cases)('$name', ({ engine, topology }) => {
  const running = runningAs(engine, topology);
  const { exporters, targets } = sourceOf(engine.metrics, running);

  test('each node is one target, by its name, with what kind of server it is', () => {
    expect(targets.targets.map(({ labels }) => labels)).toEqual(
      running.nodes.map(({ name }) => ({ instance: name, engine: engine.name, origin: 'compatible' })),
    );
    const addresses = targets.targets.flatMap((target) => target.targets);
    expect(new Set(addresses).size).toBe(running.nodes.length);
    // Of an exporter or of the node itself.
    const hosts = exporters.length === 0 ? running.nodes.map(({ name }) => name) : exporters.map(({ name }) => name);
    expect(addresses.map((address) => address.split(':')[0])).toEqual(hosts);
  });

  test('a login is made once in each store of users', () => {
    const { metrics } = engine;
    if (!hasExporters(metrics)) return;
    const stores = (metrics.userStores?.(running) ?? [running]).map(({ nodes }) => nodes.map(({ name }) => name));
    expect(stores).toEqual(userStores[`${engine.name} ${topology.name}`] ?? [running.nodes.map(({ name }) => name)]);
  });

  test('exporters publish nothing, and have their passwords in files that they alone may read', () => {
    const passwords = Object.values(secrets).flatMap((secret) => [secret, monitoringPassword(secret)]);
    for (const { files = [], ...shown } of exporters) {
      expect(shown.ports).toEqual([]);
      // The user of an image may be another one: that of redis_exporter's is 59000.
      expect(shown.user).toBe('65534');
      for (const password of passwords) expect(JSON.stringify(shown)).not.toContain(password);
      const secretFiles = files.filter(({ content }) => passwords.some((password) => content.includes(password)));
      expect(secretFiles.map(({ mode, owner }) => ({ mode, owner }))).toEqual([{ mode: 0o400, owner: 65_534 }]);
      // None of an administrator.
      for (const secret of Object.values(secrets)) expect(JSON.stringify(files)).not.toContain(secret);
    }
  });
});
