import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checked, execInNode } from '../../../sandbox/containers/runtime/exec.ts';
import type { BackupManifest } from '../../../sandbox/engines/contract/backup.ts';
import { firstNode, type RunningEngine } from '../../../sandbox/engines/contract/topology.ts';
import { postgresql } from '../../../sandbox/engines/postgresql/engine.ts';
import { verifyParts } from '../../../sandbox/engines/shared/backup/backup-files.ts';
import type { Stack } from '../../../sandbox/stack/create-stack.ts';
import { type BackupFolder, backupFolder, copyWith, describedAnew, supported } from '../support/backup-folder.ts';
import { databaseNames, emptyStack, seededStack } from '../support/postgresql/stack.ts';

const { fingerprint } = postgresql.data;
const backup = supported(postgresql.backup);
const restoreBeside = supported(backup.restoreBeside);

let targetStack: Stack<'postgresql'>;
let target: RunningEngine;
let folder: BackupFolder;
let manifest: BackupManifest;

beforeAll(async () => {
  const [source, empty] = await Promise.all([seededStack(), emptyStack()]);
  await using _ = source;
  targetStack = empty;
  target = empty.engines.postgresql;
  folder = await backupFolder();
  manifest = await backup.backUp(source.engines.postgresql, folder.path);
});

afterAll(async () => {
  await targetStack?.dispose();
  await folder?.[Symbol.asyncDispose]();
});

/** Refused by both kinds of restore, with the target and the backup as they were. */
async function expectRefusal(
  code: string,
  directory: string,
  described: BackupManifest,
  into: RunningEngine = target,
): Promise<void> {
  const [roles, names] = [await fingerprint(target), await databaseNames(target)];
  await expect(backup.restore(into, directory, described)).rejects.toMatchObject({ code, engine: 'postgresql' });
  await expect(restoreBeside(into, directory, described)).rejects.toMatchObject({ code, engine: 'postgresql' });
  expect(await fingerprint(target)).toEqual(roles);
  expect(await databaseNames(target)).toEqual(names);
  await verifyParts(folder.path, manifest);
}

const dumpFile = 'taishang_users.dump';
const half = (bytes: Buffer) => bytes.subarray(0, Math.floor(bytes.length / 2));

function flipped(bytes: Buffer): Buffer {
  const changed = Buffer.from(bytes);
  const middle = Math.floor(bytes.length / 2);
  changed.writeUInt8(changed.readUInt8(middle) ^ 1, middle);
  return changed;
}

describe('a backup is refused before the target is touched', () => {
  test.each([
    ['a part is missing', 'BACKUP_PART_MISSING', () => undefined],
    ['a part is empty', 'BACKUP_PART_EMPTY', () => ''],
    ['a part is cut off', 'BACKUP_TRUNCATED', half],
    ['a bit is flipped', 'BACKUP_PART_CHANGED', flipped],
  ] as const)('where %s', async (_, code, change) => {
    await Promise.all(
      manifest.parts.map(async ({ path }) => {
        await using copy = await copyWith(folder.path, path, change);
        await expectRefusal(code, copy.path, manifest);
      }),
    );
  });

  test.each([
    ['a dump is cut off in the middle', dumpFile, half],
    ['a dump lacks its last bytes', dumpFile, (bytes: Buffer) => bytes.subarray(0, -8)],
    ['a dump lacks all but its table of contents', dumpFile, (bytes: Buffer) => bytes.subarray(0, 16_000)],
    ['JSON is in place of a dump', dumpFile, () => '{"result": {"name": "users.snapshot"}, "status": "ok"}'],
    ['SQL is in place of a dump', dumpFile, () => 'SELECT 1;'],
    ['nothing is in place of a dump', dumpFile, () => ''],
    ['JSON is in place of the roles', 'globals.json', () => '{"status": "ok"}'],
    ['the roles are cut off', 'globals.json', half],
    ['the list of databases is none', 'databases.json', () => '{"status": "ok"}'],
  ] as const)('where %s, and the manifest agrees', async (_, path, change) => {
    await using copy = await copyWith(folder.path, path, change);
    await expectRefusal('BACKUP_PART_UNREADABLE', copy.path, await describedAnew(copy.path, manifest, path));
  });

  test('where the manifest leaves a database out that was backed up', async () => {
    const parts = manifest.parts.filter(({ path }) => path !== dumpFile);
    await expectRefusal('BACKUP_PART_MISSING', folder.path, { ...manifest, parts });
  });

  test.each([
    { serverVersion: '18.0' },
    { serverVersion: 'seventeen' },
    { engine: 'mongodb' },
    { origin: 'compatible' },
  ] as const)('where it is %o', async (foreign) => {
    await expectRefusal('BACKUP_VERSION_FOREIGN', folder.path, { ...manifest, ...foreign });
  });
});

describe('a target is refused before it is touched', () => {
  test('where the password of the stack is not its own', async () => {
    const secrets = { ...target.secrets, postgres: 'not-the-password' };
    await expectRefusal('RESTORE_PASSWORD_WRONG', folder.path, manifest, { ...target, secrets });
  });

  test('where the server may not write its own data', async () => {
    const chmod = async (mode: string) =>
      checked(
        await execInNode(firstNode(target), ['chmod', mode, '/var/lib/postgresql/data'], { user: 'root' }),
        'chmod',
      );
    await chmod('0500');
    try {
      await expect(backup.restore(target, folder.path, manifest)).rejects.toMatchObject({ code: 'RESTORE_NO_RIGHTS' });
      await expect(restoreBeside(target, folder.path, manifest)).rejects.toMatchObject({ code: 'RESTORE_NO_RIGHTS' });
    } finally {
      await chmod('0700');
    }
    expect(await databaseNames(target)).toEqual(['postgres']);
  });

  test('where the databases are larger than its disk', async () => {
    await using copy = await copyWith(folder.path, 'databases.json', (bytes) =>
      String(bytes).replace(/"sizeBytes": \d+/, '"sizeBytes": 1e15'),
    );
    await expectRefusal('RESTORE_TARGET_FULL', copy.path, await describedAnew(copy.path, manifest, 'databases.json'));
  });
});
