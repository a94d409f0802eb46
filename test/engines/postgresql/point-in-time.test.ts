import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { killNode, startNodeAgain } from '../../../sandbox/containers/nodes/nodes.ts';
import { untilReady } from '../../../sandbox/containers/nodes/until-ready.ts';
import type { BackupManifest } from '../../../sandbox/engines/contract/backup.ts';
import type { Fingerprint } from '../../../sandbox/engines/contract/data.ts';
import { firstNode, type RunningEngine } from '../../../sandbox/engines/contract/topology.ts';
import { postgresql } from '../../../sandbox/engines/postgresql/engine.ts';
import type { Stack } from '../../../sandbox/stack/create-stack.ts';
import {
  type BackupFolder,
  backupFolder,
  copyWith,
  describedAnew,
  differences,
  supported,
} from '../support/backup-folder.ts';
import {
  databaseNames,
  emptyStack,
  rowsOf,
  schemaStack,
  seededStack,
  withClient,
} from '../support/postgresql/stack.ts';

// Several servers are started and restored one after the other, beside whatever else the machine does.
vi.setConfig({ testTimeout: 300_000 });

const { fingerprint } = postgresql.data;
const backup = supported(postgresql.backup);
const pointInTime = supported(postgresql.backup.pointInTime);

let sourceStack: Stack<'postgresql'>;
let targetStack: Stack<'postgresql'>;
let source: RunningEngine;
/** Refuses everything, and stays empty. */
let target: RunningEngine;
let folder: BackupFolder;
let manifest: BackupManifest;
let beforeDelete: Fingerprint;
let timeBeforeDelete: Date;

const mark = "before the 'bad' delete";

/** A backup; then rows; then a mark; then a delete without a condition, which everybody regrets. */
beforeAll(async () => {
  [sourceStack, targetStack] = await Promise.all([seededStack(), emptyStack()]);
  source = sourceStack.engines.postgresql;
  target = targetStack.engines.postgresql;
  folder = await backupFolder();
  manifest = await pointInTime.backUp(source, folder.path);
  await withClient(source, 'taishang_users', (client) =>
    client.query("INSERT INTO users (username, email, password_hash) VALUES ('after', 'the', 'backup')"),
  );
  beforeDelete = await fingerprint(source);
  const [now] = await rowsOf<{ now: Date }>(source, 'postgres', 'SELECT clock_timestamp() AS now');
  // A `Date` has no microseconds: the next millisecond is after all of the above.
  timeBeforeDelete = new Date(Number(now?.now) + 1);
  await pointInTime.mark(source, mark);
  await withClient(source, 'taishang_users', (client) => client.query('DELETE FROM user_sessions'));
  // Enough log for several segments.
  await withClient(source, 'postgres', (client) =>
    client.query(`CREATE TABLE filler AS SELECT sha512(n::text::bytea) FROM generate_series(1, 300000) n;
                  DROP TABLE filler`),
  );
  manifest = await pointInTime.collectLog(source, folder.path, manifest);
});

afterAll(async () => {
  await Promise.all([sourceStack?.dispose(), targetStack?.dispose()]);
  await folder?.[Symbol.asyncDispose]();
});

const ready = (running: RunningEngine) => ({ probe: () => postgresql.probe(firstNode(running), running.secrets) });

const logFiles = () => manifest.parts.map(({ path }) => path).filter((path) => path.startsWith('wal/'));

describe('a restore to a moment before a bad delete', () => {
  test.each(['by its mark', 'by its time'])('%s, has all that was there then, and takes writes', async (how) => {
    await using stack = await emptyStack();
    const restored = stack.engines.postgresql;
    const until = how === 'by its mark' ? { mark } : { time: timeBeforeDelete };
    await pointInTime.restore(restored, folder.path, manifest, until);
    expect(differences(beforeDelete, await fingerprint(restored))).toEqual([]);
    await backup.writeAfterwards(restored);
    const settings = await rowsOf(
      restored,
      'postgres',
      "SELECT name FROM pg_file_settings WHERE name ~ '^(recovery|restore|primary|synchronous_standby)'",
    );
    expect(settings).toEqual([]);
  });

  test('has the delete where the moment is after it', async () => {
    await using stack = await emptyStack();
    const restored = stack.engines.postgresql;
    const now = await fingerprint(source);
    const [{ time } = { time: '' }] = (
      JSON.parse(await readText('marks.json')) as readonly { readonly time: string }[]
    ).slice(-1);
    await pointInTime.restore(restored, folder.path, manifest, { time: new Date(time) });
    expect(differences(now, await fingerprint(restored))).toEqual([]);
    expect(differences(beforeDelete, now)).toEqual(['taishang_users.public.user_sessions']);
  });
});

async function readText(path: string): Promise<string> {
  return readFile(join(folder.path, path), 'utf8');
}

async function expectRefusal(
  code: string,
  directory: string,
  described: BackupManifest,
  until: Parameters<typeof pointInTime.restore>[3] = { mark },
): Promise<void> {
  const [started] = await rowsOf<{ at: Date }>(target, 'postgres', 'SELECT pg_postmaster_start_time() AS at');
  await expect(pointInTime.restore(target, directory, described, until)).rejects.toMatchObject({ code });
  expect(await databaseNames(target)).toEqual(['postgres']);
  // It was not even stopped.
  expect(await rowsOf(target, 'postgres', 'SELECT pg_postmaster_start_time() AS at')).toEqual([started]);
}

test('a server that no physical backup was taken of keeps no log, and cannot be marked', async () => {
  await using stack = await emptyStack();
  const running = stack.engines.postgresql;
  await withClient(running, 'postgres', (client) => client.query('SELECT txid_current(), pg_switch_wal()'));
  await expect(pointInTime.mark(running, 'too early')).rejects.toMatchObject({ code: 'BACKUP_FAILED' });
  const kept = "SELECT name FROM pg_ls_dir('/var/lib/postgresql/archive') AS name";
  expect(await rowsOf(running, 'postgres', kept)).toEqual([]);
});

describe('a physical backup is refused before the target is touched', () => {
  test('where any segment up to the moment is missing, and no later one', async () => {
    const needed = logFiles().slice(0, 2);
    expect(logFiles().length).toBeGreaterThan(3);
    for (const path of needed) {
      await using copy = await copyWith(folder.path, path, () => undefined);
      const parts = manifest.parts.filter((part) => part.path !== path);
      await expectRefusal('BACKUP_LOG_MISSING', copy.path, { ...manifest, parts });
      await expectRefusal('BACKUP_PART_MISSING', copy.path, manifest);
    }
    const end = { time: new Date((JSON.parse(await readText('marks.json')) as { time: string }[]).at(-1)?.time ?? '') };
    for (const path of logFiles()) {
      const parts = manifest.parts.filter((part) => part.path !== path);
      await expectRefusal('BACKUP_LOG_MISSING', folder.path, { ...manifest, parts }, end);
    }
  });

  test('where the moment is not in its log', async () => {
    await expectRefusal('BACKUP_LOG_MISSING', folder.path, manifest, { mark: 'no such mark' });
    await expectRefusal('BACKUP_LOG_MISSING', folder.path, manifest, { time: new Date(Date.now() + 3_600_000) });
    await expectRefusal('BACKUP_LOG_MISSING', folder.path, manifest, { time: new Date(0) });
    const parts = manifest.parts.filter(({ path }) => path === 'base.tar.zst' || path === 'base-backup.json');
    await expectRefusal('BACKUP_LOG_MISSING', folder.path, { ...manifest, parts });
  });

  test.each([
    ['cut off', (bytes: Buffer) => bytes.subarray(0, Math.floor(bytes.length / 2))],
    ['replaced by JSON', () => '{"status": "ok"}'],
  ] as const)('where the files are %s and the manifest agrees', async (_, change) => {
    await using copy = await copyWith(folder.path, 'base.tar.zst', change);
    const changed = await describedAnew(copy.path, manifest, 'base.tar.zst');
    await expectRefusal('BACKUP_PART_UNREADABLE', copy.path, changed);
  });

  test('where it is of another version, an older one included', async () => {
    for (const serverVersion of ['16.4', '18.1']) {
      await expectRefusal('BACKUP_VERSION_FOREIGN', folder.path, { ...manifest, serverVersion });
    }
  });
});

test('the target has its own files again where a segment cannot be read', async () => {
  const path = logFiles()[0] ?? '';
  await using copy = await copyWith(folder.path, path, (bytes) => Buffer.alloc(bytes.length));
  const changed = await describedAnew(copy.path, manifest, path);
  const failed = await pointInTime.restore(target, copy.path, changed, { mark }).catch((thrown) => thrown);
  expect(failed).toMatchObject({ code: 'RESTORE_FAILED', engine: 'postgresql' });
  expect(failed.evidence).toMatch(/checkpoint|recovery/);
  await untilReady(firstNode(target), ready(target));
  expect(await databaseNames(target)).toEqual(['postgres']);
});

test('the log of a dead server is collected from its volume, and what is restored is a server like any other', async () => {
  await using own = await schemaStack();
  const dead = own.engines.postgresql;
  await using files = await backupFolder();
  const base = await pointInTime.backUp(dead, files.path);
  await backup.writeAfterwards(dead);
  await withClient(dead, 'taishang_data', (client) => client.query('CREATE TABLE last_words AS SELECT 42 AS number'));
  await pointInTime.mark(dead, 'last');
  const last = await fingerprint(dead);
  await killNode(firstNode(dead));
  const whole = await pointInTime.collectLog(dead, files.path, base);

  await using log = await backupFolder();
  await pointInTime.keptLog.take(dead, log.path, 2 ** 30);
  const [range] = await pointInTime.keptLog.reach([await pointInTime.describe(files.path, base)], log.path, dead);
  const marks = JSON.parse(await readFile(join(files.path, 'marks.json'), 'utf8')) as readonly { time: string }[];
  expect(range).toMatchObject({ to: new Date(marks.at(-1)?.time ?? ''), isOpen: false });

  await using stack = await emptyStack();
  const restored = stack.engines.postgresql;
  await pointInTime.restore(restored, files.path, whole, { mark: 'last' });
  expect(differences(last, await fingerprint(restored))).toEqual([]);
  await killNode(firstNode(restored));
  await startNodeAgain(firstNode(restored));
  await untilReady(firstNode(restored), ready(restored));
  expect(differences(last, await fingerprint(restored))).toEqual([]);
  await using again = await backupFolder();
  const second = await pointInTime.backUp(restored, again.path);
  await pointInTime.mark(restored, 'of the restored server');
  expect((await pointInTime.collectLog(restored, again.path, second)).parts.length).toBeGreaterThan(3);
});
