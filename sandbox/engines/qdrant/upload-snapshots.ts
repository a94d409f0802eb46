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
 * Uploads a collection's snapshots. The first peer makes the collection, with as many shards as it had, wherever the
 * target's peers want them, and takes what it has of them; every further shard goes to a peer that has it now. Each is
 * given to its other peers by the cluster itself.
 */
export async function uploadCollection(collection: ArchivedCollection, upload: Upload): Promise<void> {
  const { target, name } = upload;
  const first = firstNode(target);
  const path = `/collections/${encodeURIComponent(name)}`;
  await send(upload, first, `${path}/snapshots/upload`, collection.file);
  const { shards } = collection;
  if (target.topology !== 'clustered' && shards === undefined) return;
  const placed = target.topology === 'clustered' ? await placesOf(upload) : new Map<number, readonly NodeHandle[]>();
  const wholeSentTo = new Set([first]);
  for (const { id, file } of shards ?? [...placed.keys()].map((each) => ({ id: each, file: collection.file }))) {
    const peers = placed.get(id) ?? [first];
    if (file === collection.file && peers.some((peer) => wholeSentTo.has(peer))) continue;
    const [peer = first] = peers;
    if (target.topology === 'clustered') await untilConverged(target);
    if (file !== collection.file) await send(upload, peer, `${path}/shards/${id}/snapshots/upload`, file);
    else await send(upload, peer, `${path}/snapshots/upload`, file);
    if (file === collection.file) wholeSentTo.add(peer);
  }
  if (target.topology === 'clustered') await untilConverged(target);
}

/** The peers that have a replica of each shard. */
async function placesOf({ target, name }: Upload): Promise<ReadonlyMap<number, readonly NodeHandle[]>> {
  const [shards, ids] = await Promise.all([
    shardsOfCollection(firstNode(target), target.secrets, name),
    Promise.all(target.nodes.map(async (node) => [node, (await peersOf(node, target.secrets)).id] as const)),
  ]);
  return new Map(
    shards.map(({ id, replicas }) => [id, ids.filter(([, peer]) => replicas.has(peer)).map(([node]) => node)]),
  );
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
