import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { removeContainer } from '../../../sandbox/containers/nodes/nodes.ts';
import { docker } from '../../../sandbox/containers/runtime/docker.ts';
import { execInNode } from '../../../sandbox/containers/runtime/exec.ts';
import { labelNames } from '../../../sandbox/containers/runtime/labels.ts';
import { ownerOfThisProcess } from '../../../sandbox/containers/runtime/owner.ts';
import { type ErrorCode, SandboxError } from '../../../sandbox/core/errors.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../../../sandbox/core/files/temporary-folder.ts';
import type { Backup, BackupManifest } from '../../../sandbox/engines/contract/backup.ts';
import type { Engine } from '../../../sandbox/engines/contract/engine.ts';
import type { RunningEngine } from '../../../sandbox/engines/contract/topology.ts';
import { describePart } from '../../../sandbox/engines/shared/backup/backup-files.ts';
import { supported } from './backup-folder.ts';

/** A backup in a folder that is removed when it is disposed of. */
export interface StoredBackup extends AsyncDisposable {
  readonly directory: string;
  readonly manifest: BackupManifest;
}

export function backupOf(engine: Engine): Backup {
  return supported(engine.backup);
}

export function temporaryFolder(): Promise<TemporaryFolder> {
  return createTemporaryFolder('taishang-backup-');
}

export async function takeBackup(engine: Engine, running: RunningEngine): Promise<StoredBackup> {
  const folder = await temporaryFolder();
  const manifest = await backupOf(engine).backUp(running, folder.path);
  return { directory: folder.path, manifest, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

/** A copy of a backup in which one file is another; the manifest is that of the good one. */
async function withPart(
  { directory, manifest }: StoredBackup,
  path: string,
  change: (bytes: Buffer) => Buffer | undefined,
): Promise<StoredBackup> {
  const folder = await temporaryFolder();
  await cp(directory, folder.path, { recursive: true });
  const file = join(folder.path, path);
  const changed = change(await readFile(file));
  if (changed === undefined) await rm(file);
  else await writeFile(file, changed);
  return { directory: folder.path, manifest, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

/** The same, but described as if it had been written so: only what is in the file gives it away. */
export async function withBelievedPart(
  backup: StoredBackup,
  path: string,
  change: (bytes: Buffer) => Buffer,
): Promise<StoredBackup> {
  const copy = await withPart(backup, path, change);
  const described = await describePart(copy.directory, path);
  const parts = backup.manifest.parts.map((part) => (part.path === path ? described : part));
  return { ...copy, manifest: { ...backup.manifest, parts }, [Symbol.asyncDispose]: copy[Symbol.asyncDispose] };
}

const cutInHalf = (bytes: Buffer) => bytes.subarray(0, Math.floor(bytes.length / 2));

const jsonInstead = () => Buffer.from('{"result":{"name":"a.snapshot","size":1},"status":"ok","time":0.1}\n');

function flipOneBit(bytes: Buffer): Buffer {
  const changed = Buffer.from(bytes);
  const middle = Math.floor(bytes.length / 2);
  changed.writeUInt8(changed.readUInt8(middle) ^ 1, middle);
  return changed;
}

/** The code that a restore is refused with; fails where it is not refused, or by another kind of error. */
export async function refusalOf(
  engine: Engine,
  target: RunningEngine,
  { directory, manifest }: Pick<StoredBackup, 'directory' | 'manifest'>,
): Promise<ErrorCode> {
  const refusal = await backupOf(engine)
    .restore(target, directory, manifest)
    .then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
  expect(refusal, 'the restore was not refused').toBeDefined();
  if (!(refusal instanceof SandboxError)) throw refusal;
  expect(refusal.engine).toBe(engine.name);
  return refusal.code;
}

/** Each way in which the file `path` of a backup can be bad, and the code that it must be refused with. */
export async function refusalsOfPart(engine: Engine, target: RunningEngine, backup: StoredBackup, path: string) {
  const codes: Record<string, ErrorCode> = {};
  const changes: Record<string, (bytes: Buffer) => Buffer | undefined> = {
    missing: () => undefined,
    empty: () => Buffer.alloc(0),
    'cut off': cutInHalf,
    'one bit flipped': flipOneBit,
  };
  for (const [name, change] of Object.entries(changes)) {
    await using bad = await withPart(backup, path, change);
    codes[name] = await refusalOf(engine, target, bad);
  }
  for (const [name, change] of Object.entries({ 'cut off, believed': cutInHalf, 'JSON instead': jsonInstead })) {
    await using bad = await withBelievedPart(backup, path, change);
    codes[name] = await refusalOf(engine, target, bad);
  }
  return codes;
}

/** What {@link refusalsOfPart} must give. */
export const refusalsExpected = {
  missing: 'BACKUP_PART_MISSING',
  empty: 'BACKUP_PART_EMPTY',
  'cut off': 'BACKUP_TRUNCATED',
  'one bit flipped': 'BACKUP_PART_CHANGED',
  'cut off, believed': 'BACKUP_PART_UNREADABLE',
  'JSON instead': 'BACKUP_PART_UNREADABLE',
};

/** Seen as a target whose folder `path` is this small: commands run in a container of its own, with that much memory. */
export async function withLittleRoom(
  target: RunningEngine,
  path: string,
  sizeBytes: number,
): Promise<{ readonly target: RunningEngine } & AsyncDisposable> {
  const [node] = target.nodes;
  if (node === undefined) throw new Error('no node');
  const container = await (await docker()).createContainer({
    Image: node.image,
    Entrypoint: ['sleep', '600'],
    Labels: { [labelNames.purpose]: 'helper', [labelNames.owner]: ownerOfThisProcess() },
    HostConfig: { NetworkMode: 'none', Tmpfs: { [path]: `rw,size=${sizeBytes},mode=1777` } },
  });
  await container.start();
  const small = { ...node, containerId: container.id };
  // The folder of the image beneath it decides who may write, whatever the option says.
  await execInNode(small, ['chmod', '1777', path], { user: '0' });
  return {
    target: { ...target, nodes: [small] },
    [Symbol.asyncDispose]: () => removeContainer(container.id),
  };
}

/** Writes files into a folder and describes them as the parts of a backup. */
export async function partsWith(
  directory: string,
  contents: Readonly<Record<string, string | Buffer>>,
): Promise<BackupManifest['parts']> {
  for (const [path, content] of Object.entries(contents)) await writeFile(join(directory, path), content);
  return Promise.all(Object.keys(contents).map((path) => describePart(directory, path)));
}
