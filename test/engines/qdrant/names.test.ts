import { cp, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { QdrantClient } from '@qdrant/js-client-rest';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { execInNode } from '../../../sandbox/containers/runtime/exec.ts';
import type { Engine } from '../../../sandbox/engines/contract/engine.ts';
import { firstNode, type RunningEngine } from '../../../sandbox/engines/contract/topology.ts';
import { restoredNames, snapshotNameBytesMax } from '../../../sandbox/engines/qdrant/backup/names.ts';
import { storedSnapshots, withSnapshotRecord } from '../../../sandbox/engines/qdrant/backup/stored-snapshots.ts';
import { qdrant } from '../../../sandbox/engines/qdrant/engine.ts';
import { openClient } from '../../../sandbox/engines/qdrant/server/connection.ts';
import { createStack, type Stack } from '../../../sandbox/stack/create-stack.ts';
import { supported } from '../support/backup-folder.ts';
import { backupOf, refusalOf, type StoredBackup, takeBackup, temporaryFolder } from '../support/backups.ts';

const engine = qdrant as Engine;
const backup = backupOf(engine);
const beside = supported(backup.restoreBeside);
const seed = Number(process.env.SANDBOX_TEST_SEED ?? Date.now() % 1_000_000);

/** As the server takes them: 84 characters of 3 bytes, what a file system or an address reads otherwise, and plain ones. */
const names = [
  '数'.repeat(84),
  '%zz.snapshot',
  'with space\tand\nline',
  '__proto__',
  '..hidden',
  'Users',
  'users',
  'x',
  'x_restore',
] as const;

let sourceStack: Stack<'qdrant'>;
let targetStack: Stack<'qdrant'>;
let source: RunningEngine;
let target: RunningEngine;
let client: QdrantClient;
let taken: StoredBackup;

beforeAll(async () => {
  const empty = { engines: ['qdrant'], size: 'none', schema: false, connect: false } as const;
  [sourceStack, targetStack] = await Promise.all([createStack(empty), createStack(empty)]);
  source = sourceStack.engines.qdrant;
  target = targetStack.engines.qdrant;
  client = openClient(source);
  for (const [index, name] of names.entries()) await fill(client, name, index);
  taken = await takeBackup(engine, source);
});
afterAll(async () => {
  await taken?.[Symbol.asyncDispose]();
  await Promise.all([sourceStack?.dispose(), targetStack?.dispose()]);
});

async function fill(server: QdrantClient, name: string, value: number): Promise<void> {
  await server.createCollection(name, { vectors: { size: 2, distance: 'Dot' } });
  await server.upsert(name, { wait: true, points: [{ id: 1, vector: [value, 1], payload: { name, value } }] });
}

const collectionsOf = async (server: QdrantClient) =>
  (await server.getCollections()).collections.map(({ name }) => name).toSorted();

describe('collections of any name that the server gives', () => {
  test('are backed up under names that do not grow with them, and restored', async () => {
    expect(taken.manifest.parts.every(({ path }) => path.length <= 80 && /^[a-z0-9_.-]+$/.test(path))).toBe(true);
    await backup.restore(target, taken.directory, taken.manifest);
    expect(await qdrant.data.fingerprint(target)).toEqual(await qdrant.data.fingerprint(source));
    const there = openClient(target);
    for (const name of await collectionsOf(there)) await there.deleteCollection(name);
  });

  test('are restored beside the live ones under names that are free, twice, and nothing of a user changes, nor what one has taken', async () => {
    const before = await qdrant.data.fingerprint(source);
    const first = await beside(source, taken.directory, taken.manifest);
    expect(await beside(source, taken.directory, taken.manifest)).toEqual(first);
    expect(first).toContain('x_2_restore');
    expect(first).toContain('x_restore_restore');
    for (const name of first) {
      expect(Buffer.byteLength(name)).toBeLessThanOrEqual(snapshotNameBytesMax);
      expect(name.endsWith('_restore')).toBe(true);
    }
    expect(await qdrant.data.fingerprint(source)).toEqual(before);
    expect(await collectionsOf(client)).toEqual([...names, ...first].toSorted());
    expect(await backup.leftOut(source)).toEqual([]);

    // One of them is taken by an alias: it is its user's from then on.
    await client.updateCollectionAliases({
      actions: [{ create_alias: { alias_name: 'users_now', collection_name: 'users_restore' } }],
    });
    const restored = await beside(source, taken.directory, taken.manifest);
    expect(restored).toContain('users_2_restore');
    expect(restored).not.toContain('users_restore');
    const live = await qdrant.data.fingerprint(source);
    expect(Object.keys(live.parts)).toContain('users_restore points');
    const discarded = await backup.discardBeside?.(source);
    expect(discarded?.toSorted()).toEqual([...restored].toSorted());
    await client.deleteCollection('users_restore');
    expect(await collectionsOf(client)).toEqual(names.toSorted());
  });

  test('of release 0.1.0, which had them as names of files, are restored too', async () => {
    const plain = taken.manifest.parts.filter(({ path }) => path === 'x.snapshot' || path === 'aliases.json');
    await using folder = await temporaryFolder();
    await cp(taken.directory, folder.path, { recursive: true });
    await rename(join(folder.path, 'x.snapshot'), join(folder.path, 'a%20b.snapshot'));
    const parts = plain.map((part) => (part.path === 'x.snapshot' ? { ...part, path: 'a%20b.snapshot' } : part));
    await backup.restore(target, folder.path, { ...taken.manifest, parts });
    const there = openClient(target);
    expect(await collectionsOf(there)).toEqual(['a b']);
    await there.deleteCollection('a b');

    await rename(join(folder.path, 'a%20b.snapshot'), join(folder.path, '%zz.snapshot'));
    const encodedWrong = parts.map((part) =>
      part.path === 'a%20b.snapshot' ? { ...part, path: '%zz.snapshot' } : part,
    );
    const manifest = { ...taken.manifest, parts: encodedWrong };
    expect(await refusalOf(engine, target, { directory: folder.path, manifest })).toBe('BACKUP_PART_UNREADABLE');
  });
});

describe('snapshots that the server keeps', () => {
  test('are no part of a backup, and it says so', async () => {
    const kept = await client.createSnapshot('x', { wait: true });
    expect(await backup.leftOut(source)).toEqual([
      { what: expect.stringContaining(kept?.name ?? ''), why: expect.any(String) },
    ]);
    await client.deleteSnapshot('x', kept?.name ?? '', { wait: true });
    expect(await backup.leftOut(source)).toEqual([]);
  });

  test('are told from those that a backup which was killed has left', async () => {
    const before = await client.createSnapshot('x', { wait: true });
    const [begun, over] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    // As a kill leaves it: the record, and the snapshot that it announced.
    const backingUp = withSnapshotRecord(source, async () => {
      await client.createSnapshot('x', { wait: true });
      begun.resolve();
      await over.promise;
    });
    await begun.promise;
    const after = await client.createSnapshot('x', { wait: true });
    expect(await storedSnapshots(source)).toEqual([before?.name, after?.name].toSorted());
    over.resolve();
    await backingUp;
    for (const { name } of await client.listSnapshots('x')) await client.deleteSnapshot('x', name, { wait: true });
    const { output } = await execInNode(firstNode(source), ['find', '/qdrant/snapshots', '-type', 'f']);
    expect(output).toBe('');
  });
});

test(`names beside live ones are free, different, and within the bounds (SANDBOX_TEST_SEED=${seed})`, () => {
  const name = fc.oneof(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 250 }),
    fc.constantFrom('x', 'x_restore', 'x_2', 'x_2_restore', '数'.repeat(63), '数'.repeat(64)),
  );
  fc.assert(
    fc.property(fc.uniqueArray(name), fc.uniqueArray(name), (wanted, collections) => {
      const chosen = restoredNames(wanted, { collections, aliases: [], restored: [] });
      expect([...chosen.keys()]).toEqual(wanted);
      expect(new Set([...chosen.values(), ...collections]).size).toBe(wanted.length + collections.length);
      for (const each of chosen.values()) expect(Buffer.byteLength(each)).toBeLessThanOrEqual(snapshotNameBytesMax);
    }),
    { seed },
  );
});
