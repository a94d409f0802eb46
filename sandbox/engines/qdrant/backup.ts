import { createReadStream, createWriteStream, openAsBlob } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import { messageOf, SandboxError } from '../../core/errors.ts';
import { backupRefused, describePart, verifyParts } from '../backup-files.ts';
import type { Backup, BackupManifest, BackupPart, RunningEngine } from '../engine.ts';
import { targetNotEmpty } from '../restore-target.ts';
import { collectionNames } from './collections.ts';
import { openClient, request } from './connection.ts';

const fileOf = (name: string) => `${name}.snapshot`;

export const backup: Backup = {
  backUp,
  restore,
  restoreBeside: { notSupported: 'a restore goes into an empty server' },
  writeAfterwards,
};

/** A snapshot of each collection, downloaded and held against the checksum that the server gave. */
async function backUp(running: RunningEngine, directory: string): Promise<BackupManifest> {
  const client = openClient(running);
  const counts = await Promise.all(
    collectionNames.map(async (name) => (await client.count(name, { exact: true })).count),
  );
  const parts = await Promise.all(collectionNames.map((name) => backUpCollection(running, name, directory)));
  return {
    formatVersion: 1,
    engine: 'qdrant',
    serverVersion: running.serverVersion,
    origin: running.image.origin,
    method: 'a snapshot of each collection over REST',
    consistentPoint: { no: 'each collection has a snapshot of its own' },
    position: collectionNames.map((name, index) => `${counts[index]} points in ${name}`).join(', '),
    parts,
  };
}

async function backUpCollection(running: RunningEngine, name: string, directory: string): Promise<BackupPart> {
  const client = openClient(running);
  const snapshot = await client.createSnapshot(name, { wait: true });
  if (snapshot === null) throw backupFailed(name, 'the server made no snapshot');
  const download = await request(running, `/collections/${name}/snapshots/${snapshot.name}`);
  if (download.body === null) throw backupFailed(name, 'the download is empty');
  await pipeline(Readable.fromWeb(download.body), createWriteStream(join(directory, fileOf(name)), { mode: 0o600 }));
  await client.deleteSnapshot(name, snapshot.name, { wait: true });
  const part = await describePart(directory, fileOf(name));
  if (snapshot.checksum !== part.sha256) {
    throw backupFailed(name, `the server says SHA-256 ${snapshot.checksum}, the file has ${part.sha256}`);
  }
  return part;
}

async function restore(target: RunningEngine, directory: string, manifest: BackupManifest): Promise<void> {
  await verifyParts(directory, manifest);
  await Promise.all(manifest.parts.map(({ path }) => readWholeArchive(join(directory, path))));
  const { collections } = await openClient(target).getCollections();
  if (collections.length > 0) throw targetNotEmpty('qdrant', collections.map(({ name }) => name).join(', '));
  await Promise.all(
    manifest.parts.map(async (part) => {
      const form = new FormData();
      form.set('snapshot', await openAsBlob(join(directory, part.path)), part.path);
      const name = part.path.replace(/\.snapshot$/, '');
      // Without a priority a node that joins a cluster would prefer what the others have.
      const path = `/collections/${name}/snapshots/upload?priority=snapshot&checksum=${part.sha256}`;
      await request(target, path, { method: 'POST', body: form }).catch((thrown) => {
        throw new SandboxError({
          code: 'RESTORE_FAILED',
          engine: 'qdrant',
          message: `The snapshot of ${name} was not taken: ${messageOf(thrown)}`,
          next: 'Restore into a fresh node again.',
          cause: thrown,
        });
      });
    }),
  );
}

/** A snapshot is a tar, compressed by the stand-in: one that ends too early is found before the target is touched. */
async function readWholeArchive(file: string): Promise<void> {
  const archive = extract();
  archive.on('entry', (_, content, next) => {
    content.on('end', next);
    // The pipeline tells of it.
    content.on('error', () => {});
    content.resume();
  });
  try {
    if (await isCompressed(file)) await pipeline(createReadStream(file), createGunzip(), archive);
    else await pipeline(createReadStream(file), archive);
  } catch (thrown) {
    throw backupRefused('BACKUP_PART_UNREADABLE', 'qdrant', `${file} is no whole archive`, messageOf(thrown));
  }
}

/** The first two bytes of gzip (RFC 1952, 2.3.1). */
async function isCompressed(file: string): Promise<boolean> {
  for await (const start of createReadStream(file, { end: 1 }))
    return (start as Buffer).equals(Buffer.from([0x1f, 0x8b]));
  return false;
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
