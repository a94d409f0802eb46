import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NodeSpec } from '../../../containers/nodes/node-spec.ts';
import type { RunningEngine, Topology, TopologyContext } from '../../contract/topology.ts';
import { sentinelName, sentinelPort, serverPort } from './client-options.ts';
import { openClient, openSentinel } from './connection.ts';
import { memberNode, secretFile } from './topologies.ts';
import { until } from './until.ts';

const primaryName = 'redis-1';
const names = [primaryName, 'redis-2', 'redis-3'] as const;

/** Sentinels that must agree before a primary counts as gone. */
const quorum = 2;

/** A primary with two replicas, and a Sentinel beside each: by itself, a survivor is made primary. */
export const replicated: Topology = {
  name: 'replicated',
  nodes: (context) => names.map((name) => member(name, context)),
  form: untilConverged,
};

function member(name: string, context: TopologyContext): NodeSpec {
  const isFirst = name === primaryName;
  const base = memberNode(name, isFirst ? 'primary' : 'replica', 'replicated.conf', names, context);
  const files = [...(base.files ?? []), secretFile('sentinel.conf', sentinelFile(name, context))];
  if (!isFirst) files.push(secretFile('first.conf', `replicaof ${context.address(primaryName)} ${serverPort}\n`));
  return {
    ...base,
    ports: [serverPort, sentinelPort],
    files,
    // A Sentinel that finds no primary yet would hold an election over nothing.
    ...(isFirst ? {} : { after: [primaryName] }),
  };
}

/**
 * Who else there is stands in it from the start: Sentinel looks for replicas every ten seconds only.
 * Addresses and not names: a name that is gone from the network's DNS once a container has stopped keeps Sentinel from
 * ever failing over.
 */
function sentinelFile(name: string, { secrets, address }: TopologyContext): string {
  const password = secrets.default ?? '';
  const others = names.filter((other) => other !== name);
  const replicas = names.filter((other) => other !== primaryName);
  return [
    readFileSync(join(import.meta.dirname, '..', 'schema', 'sentinel.conf'), 'utf8'),
    `sentinel monitor ${sentinelName} ${address(primaryName)} ${serverPort} ${quorum}`,
    `sentinel down-after-milliseconds ${sentinelName} 1000`,
    `sentinel failover-timeout ${sentinelName} 10000`,
    `sentinel parallel-syncs ${sentinelName} 2`,
    `sentinel auth-pass ${sentinelName} ${password}`,
    `sentinel announce-ip ${address(name)}`,
    `sentinel sentinel-pass ${password}`,
    `requirepass ${password}`,
    `sentinel myid ${sentinelId(name)}`,
    ...replicas.map((other) => `sentinel known-replica ${sentinelName} ${address(other)} ${serverPort}`),
    ...others.map(
      (other) => `sentinel known-sentinel ${sentinelName} ${address(other)} ${sentinelPort} ${sentinelId(other)}`,
    ),
    '',
  ].join('\n');
}

/** Forty hexadecimal digits by which a Sentinel knows another one again. */
function sentinelId(name: string): string {
  return createHash('sha1').update(`sentinel of ${name}`).digest('hex');
}

/** Every Sentinel knows both others and both replicas, and the primary has replicas enough to take writes. */
export async function untilConverged(running: RunningEngine): Promise<void> {
  await Promise.all(running.nodes.map((node) => until(`${node.name} is settled`, () => isSettled(running, node))));
}

async function isSettled(running: RunningEngine, node: RunningEngine['nodes'][number]): Promise<boolean> {
  await using sentinel = await openSentinel(node, running.secrets);
  const flat = (await sentinel.call('SENTINEL', 'MASTER', sentinelName)) as string[];
  const field = (name: string) => flat[flat.indexOf(name) + 1];
  if (field('flags') !== 'master' || field('num-slaves') !== '2' || field('num-other-sentinels') !== '2') return false;
  await using client = await openClient(node, running.secrets);
  const replication = await client.info('replication');
  // The first is absent where `min-replicas-to-write` is 0.
  const goodReplicas =
    /^min_slaves_good_slaves:(\d+)/m.exec(replication) ?? /^connected_slaves:(\d+)/m.exec(replication);
  return /^role:master/m.test(replication)
    ? Number(goodReplicas?.[1]) === names.length - 1
    : /^master_link_status:up/m.test(replication);
}
