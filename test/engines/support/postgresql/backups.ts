import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execInNode } from '../../../../sandbox/containers/runtime/exec.ts';
import type { BackupManifest } from '../../../../sandbox/engines/contract/backup.ts';
import { firstNode, type RunningEngine } from '../../../../sandbox/engines/contract/topology.ts';
import { postgresql } from '../../../../sandbox/engines/postgresql/engine.ts';
import { describePart } from '../../../../sandbox/engines/shared/backup/backup-files.ts';
import { type BackupFolder, backupFolder, supported } from '../backup-folder.ts';

const backup = supported(postgresql.backup);

/** A backup in a folder, which goes when it is disposed of. */
interface Taken extends AsyncDisposable {
  readonly folder: BackupFolder;
  readonly manifest: BackupManifest;
}

export async function take(running: RunningEngine): Promise<Taken> {
  const folder = await backupFolder();
  const manifest = await backup.backUp(running, folder.path);
  return { folder, manifest, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

/** Names of the dumps that a backup of a server has. */
export async function takenFiles(running: RunningEngine): Promise<readonly string[]> {
  await using taken = await take(running);
  return taken.manifest.parts.map(({ path }) => path).filter((path) => path.endsWith('.dump'));
}

/** A backup as the first release wrote it. */
export async function takeEarlier(running: RunningEngine, names: readonly string[]): Promise<Taken> {
  const folder = await backupFolder();
  const write = async (path: string, command: readonly string[]) => {
    const ended = await execInNode(firstNode(running), ['sh', '-c', '"$@" | base64', 'sh', ...command], {
      user: 'postgres',
    });
    await writeFile(join(folder.path, path), Buffer.from(ended.output, 'base64'));
    return path;
  };
  const described = names.map((each) => ({ name: each, sizeBytes: 8_000_000 }));
  await writeFile(join(folder.path, 'databases.json'), JSON.stringify(described));
  const files = [
    'databases.json',
    await write('globals.sql', ['pg_dumpall', '--globals-only']),
    ...(await Promise.all(
      names.map((each) =>
        write(`${encodeURIComponent(each)}.dump`, [
          'pg_dump',
          '--format=custom',
          '--create',
          '--compress=zstd',
          `--dbname=${each}`,
        ]),
      ),
    )),
  ];
  const parts = await Promise.all(files.map((path) => describePart(folder.path, path)));
  const manifest: BackupManifest = {
    formatVersion: 1,
    engine: 'postgresql',
    serverVersion: running.serverVersion,
    origin: running.image.origin,
    method: 'pg_dumpall --globals-only, pg_dump --format=custom --create per database',
    consistentPoint: { no: 'each database is from its own moment' },
    position: 'lsn 0/0',
    parts,
  };
  return { folder, manifest, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}
