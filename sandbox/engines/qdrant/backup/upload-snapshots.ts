import { openAsBlob } from 'node:fs';
import { join } from 'node:path';
import type { NodeHandle } from '../../../containers/nodes/node-spec.ts';
import { messageOf, SandboxError } from '../../../core/errors.ts';
import type { BackupManifest } from '../../contract/backup.ts';
import { firstNode, type RunningEngine } from '../../contract/topology.ts';
import { untilAgreed } from '../../shared/server/until-agreed.ts';
import { request } from '../server/connection.ts';
import { askPeer, patientMs, peersOf } from '../server/peers.ts';
import { isActive, shardsOfCollection } from '../server/shards.ts';
import { untilConverged } from '../server/topologies.ts';
import type { ArchivedCollection } from './archived-collections.ts';

/** Where a collection of a backup is to go. */
export interface Upload {
  readonly target: RunningEngine;
  readonly directory: string;
  readonly manifest: BackupManifest;
  /** Its name there. */
  readonly name: string;
}

/**
 * Uploads a collection's snapshots. The first peer makes the collection, and takes every shard that is in the snapshot of
 * the whole, wherever the cluster had placed it (Qdrant 1.19, `snapshots/recover.rs`); every further shard goes to a peer
 * that has it now. The cluster itself gives each to its other peers.
 */
export async function uploadCollection(collection: ArchivedCollection, upload: Upload): Promise<void> {
  const { target, name } = upload;
  const path = `/collections/${encodeURIComponent(name)}`;
  const takers = new Map<number, NodeHandle>();
  await send(upload, firstNode(target), `${path}/snapshots/upload`, collection.file);
  // A single server's backup does not say which shards it has: all that there are.
  const shards = collection.shards ?? (await shardsIn(upload)).map((id) => ({ id, file: collection.file }));
  for (const { id, file } of shards) {
    const peer = file === collection.file ? firstNode(target) : await peerOfShard(upload, id);
    if (file !== collection.file) await send(upload, peer, `${path}/shards/${id}/snapshots/upload`, file);
    takers.set(id, peer);
  }
  if (target.topology === 'clustered') await untilSpread(upload, takers);
}

async function shardsIn({ target, name }: Upload): Promise<readonly number[]> {
  if (target.topology !== 'clustered') return [];
  return (await shardsOfCollection(firstNode(target), target.secrets, name)).map(({ id }) => id);
}

/**
 * Whoever took a shard has it for the cluster too, and every peer finds as many points as the others. An upload is
 * answered when what follows from it is proposed to the cluster, and before it is agreed on (Qdrant 1.18,
 * `snapshots/recover.rs`): until then all seem to be up to date, and peers that are still empty answer.
 */
async function untilSpread({ target, name }: Upload, takers: ReadonlyMap<number, NodeHandle>): Promise<void> {
  const { secrets, nodes } = target;
  await untilAgreed(
    'qdrant',
    async () => {
      for (const [id, node] of takers) {
        const [{ id: peer }, seen] = await Promise.all([
          peersOf(node, secrets),
          shardsOfCollection(firstNode(target), secrets, name),
        ]);
        if (!isActive(seen.find((shard) => shard.id === id)?.replicas.get(peer) ?? '')) return false;
      }
      const path = `/collections/${encodeURIComponent(name)}/points/count`;
      const counts = await Promise.all(
        nodes.map((node) =>
          askPeer(node, secrets, path, { method: 'POST', body: { exact: true }, timeoutMs: patientMs }),
        ),
      );
      return new Set(counts.map((answer) => (answer as CountAnswer).result.count)).size === 1;
    },
    (last) => `The peers do not all have what was restored into ${name}: ${last}.`,
  );
  await untilConverged(target);
}

interface CountAnswer {
  readonly result: { readonly count: number };
}

/** A peer that has a replica of a shard, once the cluster has come to rest. */
async function peerOfShard({ target, name }: Upload, shard: number): Promise<NodeHandle> {
  const first = firstNode(target);
  if (target.topology !== 'clustered') return first;
  await untilConverged(target);
  const shards = await shardsOfCollection(first, target.secrets, name);
  const replicas = shards.find(({ id }) => id === shard)?.replicas;
  for (const node of target.nodes) {
    const { id } = await peersOf(node, target.secrets, patientMs);
    if (replicas?.has(id)) return node;
  }
  return first;
}

async function send(upload: Upload, node: NodeHandle, path: string, file: string): Promise<void> {
  const { target, directory, manifest, name } = upload;
  const sha256 = manifest.parts.find((part) => part.path === file)?.sha256 ?? '';
  const form = new FormData();
  form.set('snapshot', await openAsBlob(join(directory, file)), file);
  // Without a priority a node that joins a cluster would prefer what the others have.
  const query = `priority=snapshot&checksum=${sha256}`;
  await request(target, `${path}?${query}`, { method: 'POST', body: form, node }).catch((thrown) => {
    throw new SandboxError({
      code: 'RESTORE_FAILED',
      engine: 'qdrant',
      message: `The snapshot of ${name} was not taken: ${messageOf(thrown)}`,
      next: 'Restore into a fresh node again.',
      cause: thrown,
    });
  });
}
