import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { NodeHandle } from '../../../sandbox/containers/nodes/node-spec.ts';
import type { BackupManifest } from '../../../sandbox/engines/contract/backup.ts';
import type { RunningEngine } from '../../../sandbox/engines/contract/topology.ts';
import { takeCollection } from '../../../sandbox/engines/qdrant/backup/take-snapshots.ts';
import { uploadCollection } from '../../../sandbox/engines/qdrant/backup/upload-snapshots.ts';
import { temporaryFolder } from '../support/backups.ts';

/**
 * What is asked of which peer. The peers only write it down, and answer as the server does (Qdrant 1.19, `snapshot_api.rs`
 * and `cluster_api.rs`): that a cluster has its data again shows on the vendor's server alone.
 */
interface Peers extends AsyncDisposable {
  readonly running: RunningEngine;
  /** `<peer> <method> <path without its query>`, in their order; without questions. */
  readonly asked: readonly string[];
  /** How often a peer was asked how many points it finds. */
  readonly counted: () => number;
  /** Lets answers about the cluster come so much later. */
  readonly holdUp: (latencyMs: number) => void;
}

/** The shards of each peer, by its number from 0. */
type Placement = readonly (readonly number[])[];

/** Rounds of questions about the points for which an upload is not agreed on yet: peers that did not take it are empty. */
const roundsUntilAgreed = 3;

/** `inSnapshot`: the shards of the snapshot that the first peer is given. */
async function startPeers(
  placementAtFirst: Placement,
  topology: 'clustered' | 'standalone',
  inSnapshot: readonly number[] = [0],
): Promise<Peers> {
  const asked: string[] = [];
  const ports: number[] = [];
  let counted = 0;
  let latencyMs = 0;
  let placement = placementAtFirst;
  const servers = placementAtFirst.map((_, peer) =>
    createServer((request, response) => {
      const path = decodeURIComponent((request.url ?? '').split('?')[0] ?? '');
      if (path.endsWith('/points/count')) {
        counted += 1;
        request.resume();
        const isAgreed = counted > roundsUntilAgreed * placement.length;
        response.end(JSON.stringify({ result: { count: isAgreed ? 7 : peer } }));
        return;
      }
      if (request.method !== 'GET') asked.push(`${peer} ${request.method} ${path}`);
      // Shards that lie elsewhere go to whoever takes them.
      if (path === `${at}/snapshots/upload`) {
        placement = placement.with(peer, [...new Set([...(placement[peer] ?? []), ...inSnapshot])]);
      }
      request.resume();
      request.on('end', () => {
        const isDownload = path.endsWith('.snapshot') && request.method === 'GET';
        if (isDownload) response.end(contentOf(peer, path));
        else {
          const answer = JSON.stringify({ result: answerOf(peer, request.method ?? '', path, placement, ports) });
          setTimeout(() => response.end(answer), path.endsWith('/cluster') ? latencyMs : 0);
        }
      });
    }),
  );
  await Promise.all(servers.map((server) => new Promise<void>((done) => server.listen(0, '127.0.0.1', done))));
  ports.push(...servers.map((server) => (server.address() as AddressInfo).port));
  const nodes = ports.map((port, peer) => ({ name: `qdrant-${peer + 1}`, host: '127.0.0.1', port }) as NodeHandle);
  return {
    asked,
    counted: () => counted,
    holdUp: (byMs) => {
      latencyMs = byMs;
    },
    running: { engine: 'qdrant', topology, nodes, secrets: {}, serverVersion: '1.20.0' } as unknown as RunningEngine,
    async [Symbol.asyncDispose]() {
      for (const server of servers) server.closeAllConnections();
      await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
    },
  };
}

const contentOf = (peer: number, path: string) => `${path} of peer ${peer}`;

function answerOf(peer: number, method: string, path: string, placement: Placement, ports: readonly number[]): unknown {
  const idOf = (each: number) => 1_000 + each;
  if (path === '/cluster') {
    const peers = Object.fromEntries(ports.map((port, each) => [idOf(each), { uri: `http://peer:${port}` }]));
    return { peer_id: idOf(peer), peers, raft_info: { leader: idOf(0) } };
  }
  if (path === '/collections') return { collections: [{ name: 'a b' }] };
  if (path.endsWith('/cluster')) {
    const shards = (each: number) => (placement[each] ?? []).map((shard_id) => ({ shard_id, state: 'Active' }));
    return {
      peer_id: idOf(peer),
      local_shards: shards(peer),
      remote_shards: placement.flatMap((_, each) =>
        each === peer ? [] : shards(each).map((shard) => ({ ...shard, peer_id: idOf(each) })),
      ),
      shard_transfers: [],
    };
  }
  if (method === 'POST' && path.endsWith('/snapshots')) {
    const content = contentOf(peer, `${path}/made.snapshot`);
    return { name: 'made.snapshot', checksum: createHash('sha256').update(content).digest('hex') };
  }
  return true;
}

const at = '/collections/a b';

async function backedUp(placement: Placement, topology: 'clustered' | 'standalone' = 'clustered') {
  const folder = await temporaryFolder();
  await using peers = await startPeers(placement, topology);
  const { collection, parts } = await takeCollection(peers.running, 'a b', folder.path, 0);
  const manifest = { engine: 'qdrant', parts } as unknown as BackupManifest;
  return { folder, collection, manifest, asked: peers.asked };
}

describe('a backup of a cluster', () => {
  test('has the snapshot of the first peer, and one of each shard that this one does not have', async () => {
    const { folder, collection, manifest, asked } = await backedUp([[0, 1], [1, 2], [3]]);
    await using _ = folder;
    expect(collection.shards).toEqual([
      { id: 0, file: 'collection.1.snapshot' },
      { id: 1, file: 'collection.1.snapshot' },
      { id: 2, file: 'collection.1.shard-2.snapshot' },
      { id: 3, file: 'collection.1.shard-3.snapshot' },
    ]);
    expect(manifest.parts.map(({ path }) => path)).toEqual([
      'collection.1.snapshot',
      'collection.1.shard-2.snapshot',
      'collection.1.shard-3.snapshot',
    ]);
    const made = [`0 POST ${at}/snapshots`, `1 POST ${at}/shards/2/snapshots`, `2 POST ${at}/shards/3/snapshots`];
    const removed = made.map((each) => each.replace('POST', 'DELETE').concat('/made.snapshot'));
    expect(asked.toSorted()).toEqual([...made, ...removed].toSorted());
  });

  test('is made of peers that are slow to say what they have', async () => {
    const folder = await temporaryFolder();
    await using _ = folder;
    await using peers = await startPeers([[0], [1]], 'clustered');
    peers.holdUp(1_800);
    const { collection } = await takeCollection(peers.running, 'a b', folder.path, 0);
    expect(collection.shards?.map(({ id }) => id)).toEqual([0, 1]);
  });

  test('of which every peer has everything is one snapshot', async () => {
    const { folder, manifest } = await backedUp([[0], [0], [0]]);
    await using _ = folder;
    expect(manifest.parts).toHaveLength(1);
  });

  test('goes into a single server, shard by shard', async () => {
    const { folder, collection, manifest } = await backedUp([[0, 1], [1, 2], [3]]);
    await using _ = folder;
    await using single = await startPeers([[0, 1, 2, 3]], 'standalone');
    await uploadCollection(collection, { target: single.running, directory: folder.path, manifest, name: 'a b' });
    expect(single.asked).toEqual([
      `0 POST ${at}/snapshots/upload`,
      `0 POST ${at}/shards/2/snapshots/upload`,
      `0 POST ${at}/shards/3/snapshots/upload`,
    ]);
  });

  test('goes into a cluster of another number of peers: each shard to one that has it there', async () => {
    const { folder, collection, manifest } = await backedUp([[0, 1], [1, 2], [3]]);
    await using _ = folder;
    await using two = await startPeers(
      [
        [0, 2],
        [1, 3],
      ],
      'clustered',
      [0, 1],
    );
    await uploadCollection(collection, { target: two.running, directory: folder.path, manifest, name: 'a b' });
    // All seemed up to date at once, but found different numbers of points.
    expect(two.counted()).toBeGreaterThan(roundsUntilAgreed * 2);
    expect(two.asked).toEqual([
      `0 POST ${at}/snapshots/upload`,
      `0 POST ${at}/shards/2/snapshots/upload`,
      `1 POST ${at}/shards/3/snapshots/upload`,
    ]);
  });

  test('of a single server goes into a cluster by any peer', async () => {
    const { folder, collection, manifest } = await backedUp([[0]], 'standalone');
    await using _ = folder;
    await using three = await startPeers([[], [0], []], 'clustered');
    await uploadCollection(collection, { target: three.running, directory: folder.path, manifest, name: 'a b' });
    expect(three.asked).toEqual([`0 POST ${at}/snapshots/upload`]);
  });
});
