import { openAsBlob } from 'node:fs';
import { join } from 'node:path';
import type { NodeHandle } from '../../containers/node-spec.ts';
import { messageOf, SandboxError } from '../../core/errors.ts';
import type { BackupManifest } from '../backup.ts';
import type { RunningEngine } from '../topology.ts';
import type { ArchivedCollection } from './archived-collections.ts';
import { firstNode, request } from './connection.ts';
import { peersOf } from './peers.ts';
import { shardsOfCollection } from './shards.ts';
import { untilConverged } from './topologies.ts';

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
  await send(upload, firstNode(target), `${path}/snapshots/upload`, collection.file);
  for (const { id, file } of collection.shards ?? []) {
    if (file === collection.file) continue;
    const peer = await peerOfShard(upload, id);
    await send(upload, peer, `${path}/shards/${id}/snapshots/upload`, file);
  }
  if (target.topology === 'clustered') await untilConverged(target);
}

/** A peer that has a replica of a shard, once the cluster has come to rest. */
async function peerOfShard({ target, name }: Upload, shard: number): Promise<NodeHandle> {
  const first = firstNode(target);
  if (target.topology !== 'clustered') return first;
  await untilConverged(target);
  const shards = await shardsOfCollection(first, target.secrets, name);
  const replicas = shards.find(({ id }) => id === shard)?.replicas;
  for (const node of target.nodes) {
    const { id } = await peersOf(node, target.secrets);
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
