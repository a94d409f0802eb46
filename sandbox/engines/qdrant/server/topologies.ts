import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NodeSpec } from '../../../containers/nodes/node-spec.ts';
import type { RunningEngine, Topology } from '../../contract/topology.ts';
import { monitoringPassword } from '../../shared/metrics/monitoring-login.ts';
import { untilAgreed } from '../../shared/server/until-agreed.ts';
import { peersOf } from './peers.ts';
import { isActive, shardsOf } from './shards.ts';

/** Port between peers; it is not published (Qdrant documentation, "Distributed deployment"). */
const peerPort = 6335;

const peerNames = ['qdrant-1', 'qdrant-2', 'qdrant-3'] as const;

function serverNode(name: string, role: string, apiKey: string): NodeSpec {
  const configuration = readFileSync(join(import.meta.dirname, '..', 'schema', 'config.yaml'), 'utf8');
  return {
    name,
    role,
    ports: [6333],
    files: [
      { path: '/qdrant/config/production.yaml', content: configuration },
      // Read after it, and merged: the keys are in no variable and in no file that others may read.
      { path: '/qdrant/config/local.yaml', content: keysFile(apiKey), mode: 0o400 },
    ],
    environment: { RUN_MODE: 'production' },
    volumes: [
      { name: 'storage', path: '/qdrant/storage' },
      { name: 'snapshots', path: '/qdrant/snapshots' },
    ],
  };
}

/** The key that only reads is the one of the monitoring: the server takes no others while it runs. */
function keysFile(apiKey: string): string {
  return `service:\n  api_key: "${apiKey}"\n  read_only_api_key: "${monitoringPassword(apiKey)}"\n`;
}

export const standalone: Topology = {
  name: 'standalone',
  nodes: ({ secrets }) => [serverNode('qdrant', 'single', secrets.apiKey ?? '')],
};

/**
 * Three peers. Every shard is on all of them, and a write counts once two have it: one may be away, and a write that
 * was acknowledged is on a survivor.
 */
export const clustered: Topology = {
  name: 'clustered',
  notRunOn: { compatible: "the stand-in is the vendor's engine as a library in one process: it has no peers" },
  nodes: ({ secrets }) => peerNames.map((name) => peer(name, secrets.apiKey ?? '')),
  form: untilConverged,
};

function peer(name: string, apiKey: string): NodeSpec {
  const startScript = readFileSync(join(import.meta.dirname, '..', 'scripts', 'start-peer.sh'), 'utf8');
  const [first] = peerNames;
  const base = serverNode(name, 'peer', apiKey);
  const uriOf = (node: string) => `http://${node}:${peerPort}`;
  const friend = name === first ? peerNames[1] : first;
  return {
    ...base,
    environment: {
      ...base.environment,
      QDRANT__CLUSTER__ENABLED: 'true',
      QDRANT__CLUSTER__P2P__PORT: String(peerPort),
      // For collections that say nothing themselves, as the platform's.
      QDRANT__STORAGE__COLLECTION__REPLICATION_FACTOR: String(peerNames.length),
      QDRANT__STORAGE__COLLECTION__WRITE_CONSISTENCY_FACTOR: '2',
    },
    // It ends in the image's own command. A peer that knows the others already does not ask.
    entrypoint: ['/bin/sh', '/run/taishang/start-peer.sh'],
    command: [uriOf(name), uriOf(friend), ...(name === first ? ['first'] : [])],
    files: [...(base.files ?? []), { path: '/run/taishang/start-peer.sh', content: startScript, mode: 0o755 }],
    ...(name === first ? {} : { after: [first] }),
  };
}

/** Every peer knows all, they have a leader, and every replica of every shard is up to date. */
export async function untilConverged(running: RunningEngine): Promise<void> {
  await Promise.all(
    running.nodes.map((node) =>
      untilAgreed(
        'qdrant',
        async () => {
          const { peers, leader } = await peersOf(node, running.secrets);
          if (peers.size !== running.nodes.length || leader === undefined) return false;
          const shards = await shardsOf(node, running.secrets);
          return shards.every(({ replicas, transfers }) => transfers === 0 && [...replicas.values()].every(isActive));
        },
        (last) => `${node.name} does not see the whole cluster: ${last}.`,
      ),
    ),
  );
}
