import { join } from 'node:path';
import { openBackup } from '../../../../sandbox/backup/archive/open-archive.ts';
import { archiveRefused } from '../../../../sandbox/backup/archive/refusal.ts';
import type { BackupManifest } from '../../../../sandbox/engines/contract/backup.ts';
import type { RunningEngine } from '../../../../sandbox/engines/contract/topology.ts';
import { readArchive } from '../../../../sandbox/engines/mongodb/backup/dump-archive.ts';
import { readExport } from '../../../../sandbox/engines/mongodb/backup/export/read-export.ts';
import { requireWhole } from '../../../../sandbox/engines/neo4j/backup/restore.ts';
import { requireReadable } from '../../../../sandbox/engines/postgresql/backup/restore/restore-checks.ts';
import {
  filesOf,
  readAliases,
  readCollections,
} from '../../../../sandbox/engines/qdrant/backup/archived-collections.ts';
import { requireSnapshot } from '../../../../sandbox/engines/qdrant/backup/snapshot-file.ts';
import { backup as redis } from '../../../../sandbox/engines/redis/backup/backup.ts';
import { readDumps } from '../../../../sandbox/engines/redis/backup/dumps.ts';

/** Rights that were named. */
export type Check = (directory: string, manifest: BackupManifest) => Promise<readonly string[]>;

/** Room that a target is said to have, in bytes: a snapshot of a small collection unpacks to 160 MB, a bomb to 512 MiB. */
const freeBytes = 256 * 2 ** 20;

/** What each engine reads of a backup before its server is asked anything. */
const checks: Readonly<Record<string, Check>> = {
  postgresql: async (directory, manifest) => {
    await requireReadable(targetOf(manifest), directory, manifest);
    return [];
  },
  mongodb: async (directory, manifest) => {
    if (manifest.origin === 'compatible') await readExport(directory, manifest);
    else await readArchive(directory, manifest, freeBytes);
    return [];
  },
  neo4j: async (directory, manifest) => {
    await requireWhole(targetOf(manifest), directory, manifest);
    return [];
  },
  redis: async (directory, manifest) => {
    await readDumps(directory, manifest);
    return (await redis.doors?.(directory, manifest)) ?? [];
  },
  qdrant: async (directory, manifest) => {
    const collections = await readCollections(directory, manifest);
    await readAliases(directory, manifest, collections);
    for (const collection of collections) {
      for (const path of filesOf(collection)) {
        const check = { path, origin: manifest.origin, isShard: path !== collection.file, freeBytes };
        await requireSnapshot(join(directory, path), check);
      }
    }
    return [];
  },
};

/** A server that takes what the manifest is of. */
function targetOf({ engine, serverVersion, origin }: BackupManifest): RunningEngine {
  return { engine, serverVersion, image: { origin } } as RunningEngine;
}

/** Opens an archive and has each engine read what it can without a server; `others` read in the place of ours. */
export async function checkOffline(
  file: string,
  temporaryDirectory: string,
  others: Readonly<Record<string, Check>> = {},
): Promise<readonly string[]> {
  await using opened = await openBackup(file, { temporaryDirectory });
  const doors: string[] = [];
  for (const { backup } of opened.manifest.engines) {
    const check = own({ ...checks, ...others }, backup.engine);
    if (check === undefined)
      throw archiveRefused('BACKUP_MANIFEST_INVALID', `this release knows no engine ${backup.engine}`);
    doors.push(...(await check(opened.folderOf(backup.engine), backup)));
  }
  return doors;
}

function own<Value>(record: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
