import { createHash } from 'node:crypto';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ErrorCode } from '../sandbox/core/errors.ts';
import type { BackupManifest, BackupPart } from '../sandbox/engines/engine.ts';

/** A way in which a backup can be bad. */
export interface Damage {
  /** For people: `a backup with one bit flipped`. */
  readonly name: string;
  /** Code that it must be refused with. */
  readonly code: ErrorCode;
  /** Copies the backup into the folder `copy`, damaged. Returns the manifest that goes with the copy. */
  readonly make: (directory: string, copy: string, manifest: BackupManifest) => Promise<BackupManifest>;
}

/** All of them hit the largest file: in it every engine keeps data. */
export const damages: readonly Damage[] = [
  { name: 'a backup with one bit flipped', code: 'BACKUP_PART_CHANGED', make: flipBit },
  { name: 'a backup with a file missing', code: 'BACKUP_PART_MISSING', make: loseFile },
  {
    name: 'a backup cut off in the middle that matches its manifest',
    code: 'BACKUP_PART_UNREADABLE',
    make: cutOff,
  },
];

async function flipBit(directory: string, copy: string, manifest: BackupManifest): Promise<BackupManifest> {
  await cp(directory, copy, { recursive: true });
  const file = join(copy, largestPart(manifest).path);
  const bytes = await readFile(file);
  const middle = Math.floor(bytes.length / 2);
  bytes.writeUInt8(bytes.readUInt8(middle) ^ 1, middle);
  await writeFile(file, bytes);
  return manifest;
}

async function loseFile(directory: string, copy: string, manifest: BackupManifest): Promise<BackupManifest> {
  await cp(directory, copy, { recursive: true });
  await rm(join(copy, largestPart(manifest).path));
  return manifest;
}

/** What a backup looks like whose writer died and was believed: only the file's own structure gives it away. */
async function cutOff(directory: string, copy: string, manifest: BackupManifest): Promise<BackupManifest> {
  await cp(directory, copy, { recursive: true });
  const part = largestPart(manifest);
  const bytes = await readFile(join(copy, part.path));
  const half = bytes.subarray(0, Math.floor(bytes.length / 2));
  await writeFile(join(copy, part.path), half);
  const described = {
    path: part.path,
    sizeBytes: half.length,
    sha256: createHash('sha256').update(half).digest('hex'),
  };
  return { ...manifest, parts: manifest.parts.map((each) => (each === part ? described : each)) };
}

function largestPart({ parts }: BackupManifest): BackupPart {
  return parts.reduce((largest, part) => (part.sizeBytes > largest.sizeBytes ? part : largest));
}
