import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { BackupManifest } from '../../sandbox/engines/contract/backup.ts';
import { readCatalogueFiles } from '../../sandbox/engines/postgresql/backup/catalogue/read-catalogue.ts';
import { readEarlier } from '../../sandbox/engines/postgresql/backup/restore/earlier/earlier-backups.ts';
import { aliasesFile, readAliases } from '../../sandbox/engines/qdrant/backup/archived-collections.ts';
import { backup as redis } from '../../sandbox/engines/redis/backup/backup.ts';
import { readDumps } from '../../sandbox/engines/redis/backup/dumps.ts';
import { temporaryFolder } from './support/backups.ts';

type Read = (directory: string, manifest: BackupManifest) => Promise<unknown>;

/** Files that are read as a whole, each with what reads it and what else it needs. */
const readers: readonly {
  readonly path: string;
  readonly read: Read;
  readonly beside?: Readonly<Record<string, string>>;
}[] = [
  { path: 'users.acl', read: async (...backup) => redis.doors?.(...backup) },
  { path: 'slots.json', read: readDumps },
  { path: 'globals.json', read: readCatalogueFiles },
  { path: 'databases.json', read: readCatalogueFiles, beside: { 'globals.json': '{}' } },
  { path: 'globals.sql', read: readEarlier },
  { path: aliasesFile, read: (directory, manifest) => readAliases(directory, manifest, []) },
];

function manifestOf(paths: readonly string[]): BackupManifest {
  const parts = paths.map((path) => ({ path, sizeBytes: 1, sha256: '' }));
  return { engine: 'redis', parts } as unknown as BackupManifest;
}

const other = 'BACKUP_PART_UNREADABLE';

describe.each(readers)('$path', ({ path, read, beside = {} }) => {
  test(`that is longer than such a file can be is refused before it is read: ${other}`, async () => {
    await using folder = await temporaryFolder();
    for (const [name, text] of Object.entries(beside)) await writeFile(join(folder.path, name), text);
    await writeFile(join(folder.path, path), '');
    // A hole takes no room, and reads as zeroes.
    await truncate(join(folder.path, path), 2 ** 32);
    await expect(read(folder.path, manifestOf([path, ...Object.keys(beside)]))).rejects.toMatchObject({
      code: other,
      message: expect.stringContaining('are the most'),
    });
  });

  test('that is not there has a code', async () => {
    await using folder = await temporaryFolder();
    for (const [name, text] of Object.entries(beside)) await writeFile(join(folder.path, name), text);
    await expect(read(folder.path, manifestOf(Object.keys(beside)))).rejects.toMatchObject({
      code: expect.stringMatching(/^BACKUP_PART_(?:MISSING|UNREADABLE)$/),
    });
    await expect(read(folder.path, manifestOf([path, ...Object.keys(beside)]))).rejects.toMatchObject({
      code: 'BACKUP_PART_MISSING',
    });
  });
});
