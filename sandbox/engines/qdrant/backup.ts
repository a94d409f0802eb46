import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { SandboxError } from '../../core/errors.ts';
import type { Backup, BackupManifest, BackupPart } from '../backup.ts';
import { openPart, writePart } from '../backup-files.ts';
import type { RunningEngine } from '../topology.ts';
import { asSpecified } from './as-specified.ts';
import { bare } from './bare-tool.ts';
import { liveAliases, liveCollections } from './collections.ts';
import { openClient, request } from './connection.ts';
import { aliasesFile, fileOf, restore, restoreBeside } from './restore.ts';

export const backup: Backup = {
  leftOut: async () => [],
  backUp,
  restore,
  restoreBeside,
  writeAfterwards,
  bare,
  asSpecified,
};

/**
 * A snapshot of each collection, downloaded and held against the checksum that the server gave, and the aliases, which
 * no snapshot has. Payload indexes and parameters are in the snapshots.
 */
async function backUp(running: RunningEngine, directory: string): Promise<BackupManifest> {
  const client = openClient(running);
  const [names, aliases] = await Promise.all([liveCollections(client), liveAliases(client)]);
  const counts = await Promise.all(names.map(async (name) => (await client.count(name, { exact: true })).count));
  const parts = await Promise.all([
    writePart(directory, aliasesFile, `${JSON.stringify(aliases)}\n`),
    ...names.map((name) => backUpCollection(running, name, directory)),
  ]);
  return {
    formatVersion: 1,
    engine: 'qdrant',
    serverVersion: running.serverVersion,
    origin: running.image.origin,
    method: 'a snapshot of each collection over REST, and the aliases',
    consistentPoint: { no: 'each collection has a snapshot of its own' },
    position: names.map((name, index) => `${counts[index]} points in ${name}`).join(', '),
    parts,
  };
}

/** The server's copy is removed whatever happens. */
async function backUpCollection(running: RunningEngine, name: string, directory: string): Promise<BackupPart> {
  const client = openClient(running);
  const snapshot = await client.createSnapshot(name, { wait: true });
  if (snapshot === null) throw backupFailed(name, 'the server made no snapshot');
  const { stream, written } = openPart(directory, fileOf(name));
  try {
    const from = `/collections/${encodeURIComponent(name)}/snapshots/${encodeURIComponent(snapshot.name)}`;
    const download = await request(running, from);
    if (download.body === null) throw backupFailed(name, 'the download is empty');
    await pipeline(Readable.fromWeb(download.body), stream);
  } finally {
    await client.deleteSnapshot(name, snapshot.name, { wait: true });
  }
  const part = await written;
  if (snapshot.checksum === part.sha256) return part;
  throw backupFailed(name, `the server says SHA-256 ${snapshot.checksum}, the file has ${part.sha256}`);
}

async function writeAfterwards(target: RunningEngine): Promise<void> {
  const client = openClient(target);
  const name = 'user_vectors';
  const id = '00000000-0000-4000-8000-00000000c0de';
  const vector = Array.from({ length: 512 }, (_, index) => (index === 0 ? 1 : 0));
  await client.upsert(name, { wait: true, points: [{ id, vector, payload: {} }] });
  const written = await client.retrieve(name, { ids: [id] });
  await client.delete(name, { wait: true, points: [id] });
  if (written.length !== 1) throw new Error(`wrote one point and read ${written.length}`);
}

function backupFailed(collection: string, reason: string): SandboxError {
  return new SandboxError({
    code: 'BACKUP_FAILED',
    engine: 'qdrant',
    message: `The backup of ${collection} failed: ${reason}.`,
    next: 'Back up again.',
  });
}
