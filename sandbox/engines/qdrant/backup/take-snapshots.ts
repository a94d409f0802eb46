import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { NodeHandle } from '../../../containers/nodes/node-spec.ts';
import { SandboxError } from '../../../core/errors.ts';
import type { BackupPart } from '../../contract/backup.ts';
import { firstNode, type RunningEngine } from '../../contract/topology.ts';
import { openPart } from '../../shared/backup/backup-files.ts';
import { request } from '../server/connection.ts';
import { patientMs, peersOf } from '../server/peers.ts';
import { isActive, shardsOfCollection } from '../server/shards.ts';
import { type ArchivedCollection, fileOf } from './archived-collections.ts';

/** A collection in a backup, with the files that it is in. */
export interface TakenCollection {
  readonly collection: ArchivedCollection;
  readonly parts: readonly BackupPart[];
}

/**
 * Takes a snapshot of a collection. Of a cluster, that of the first peer, which has the shards that it has itself, and
 * one for each further shard, from a peer that has all of it (Qdrant documentation, "Snapshots").
 */
export async function takeCollection(
  running: RunningEngine,
  name: string,
  directory: string,
  index: number,
): Promise<TakenCollection> {
  const file = fileOf(name, index);
  const path = `/collections/${encodeURIComponent(name)}/snapshots`;
  const whole = await takeSnapshot(running, firstNode(running), path, { directory, file, name });
  if (running.topology !== 'clustered') return { collection: { name, file }, parts: [whole] };
  const sources = await shardSources(running, name);
  const taken = await Promise.all(
    [...sources].map(async ([id, node]) => {
      if (node === firstNode(running)) return { shard: { id, file } };
      const own = fileOf(name, index, id);
      const from = `/collections/${encodeURIComponent(name)}/shards/${id}/snapshots`;
      const part = await takeSnapshot(running, node, from, { directory, file: own, name });
      return { shard: { id, file: own }, part };
    }),
  );
  const shards = taken.map(({ shard }) => shard);
  return {
    collection: { name, file, shards },
    parts: [whole, ...taken.flatMap(({ part }) => (part === undefined ? [] : [part]))],
  };
}

/** The peer that each shard is taken from: the first one where it has all of it. */
async function shardSources(running: RunningEngine, name: string): Promise<ReadonlyMap<number, NodeHandle>> {
  const first = firstNode(running);
  const [shards, ids] = await Promise.all([
    shardsOfCollection(first, running.secrets, name),
    Promise.all(
      running.nodes.map(async (node) => [node, (await peersOf(node, running.secrets, patientMs)).id] as const),
    ),
  ]);
  return new Map(
    shards.map(({ id, replicas }) => {
      const source = ids.find(([, peer]) => isActive(replicas.get(peer) ?? ''))?.[0];
      if (source === undefined) throw backupFailed(name, `no peer has all of its shard ${id}`);
      return [id, source];
    }),
  );
}

interface Destination {
  readonly directory: string;
  readonly file: string;
  readonly name: string;
}

/** Has a peer make a snapshot, and downloads it. The server's copy is removed whatever happens. */
async function takeSnapshot(
  running: RunningEngine,
  node: NodeHandle,
  path: string,
  { directory, file, name }: Destination,
): Promise<BackupPart> {
  const answer = await request(running, `${path}?wait=true`, { method: 'POST', node });
  const { result: snapshot } = (await answer.json()) as { result: { name: string; checksum?: string } | null };
  if (snapshot === null) throw backupFailed(name, 'the server made no snapshot');
  const own = `${path}/${encodeURIComponent(snapshot.name)}`;
  const remove = () => request(running, `${own}?wait=true`, { method: 'DELETE', node });
  const { stream, written } = openPart(directory, file);
  try {
    const download = await request(running, own, { node });
    if (download.body === null) throw backupFailed(name, 'the download is empty');
    await pipeline(Readable.fromWeb(download.body), stream);
  } catch (thrown) {
    // Why it could not be downloaded is what there is to tell.
    await remove().catch(() => {});
    throw thrown;
  }
  await remove();
  const part = await written;
  if (snapshot.checksum === part.sha256) return part;
  throw backupFailed(name, `the server says SHA-256 ${snapshot.checksum}, the file has ${part.sha256}`);
}

function backupFailed(collection: string, reason: string): SandboxError {
  return new SandboxError({
    code: 'BACKUP_FAILED',
    engine: 'qdrant',
    message: `The backup of ${collection} failed: ${reason}.`,
    next: 'Back up again.',
  });
}
