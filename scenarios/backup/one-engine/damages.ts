import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ErrorCode } from '../../../sandbox/core/errors.ts';
import { sha256Of } from '../../../sandbox/core/sha256-of.ts';
import type { BackupManifest, BackupPart } from '../../../sandbox/engines/contract/backup.ts';

/** A way in which a backup can be bad. */
export interface Damage {
  /** For people: `a backup with one bit flipped`. */
  readonly name: string;
  /** Code that it must be refused with. */
  readonly code: ErrorCode;
  /** Copies the backup into the folder `copy`, damaged. Returns the manifest that goes with the copy. */
  readonly make: (directory: string, copy: string, manifest: BackupManifest) => Promise<BackupManifest>;
}

/** The quick ones hit the largest file: in it every engine keeps data. */
export const quickDamages: readonly Damage[] = [
  { name: 'a backup with one bit flipped', code: 'BACKUP_PART_CHANGED', make: onLargest(flipBit) },
  { name: 'a backup with a file missing', code: 'BACKUP_PART_MISSING', make: loseFile },
  {
    name: 'a backup cut off in the middle that matches its manifest',
    code: 'BACKUP_PART_UNREADABLE',
    make: onLargest((bytes) => bytes.subarray(0, Math.floor(bytes.length / 2)), { described: true }),
  },
];

/** Places at which a file is cut off, in tenths of it. */
const cuts = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.99];

/** All of them, with the parts of a backup known. */
export function allDamages({ parts }: BackupManifest): readonly Damage[] {
  return [
    ...quickDamages,
    ...cuts.map((share) => ({
      name: `a backup truncated at ${Math.round(share * 100)} %`,
      code: 'BACKUP_TRUNCATED' as const,
      make: onLargest((bytes) => bytes.subarray(0, Math.floor(bytes.length * share))),
    })),
    ...parts
      .filter(({ sizeBytes }) => sizeBytes > 0)
      .map((part) => ({
        name: `a backup with one bit flipped in ${part.path}`,
        code: 'BACKUP_PART_CHANGED' as const,
        make: changing(() => part, flipBit),
      })),
    { name: 'a backup with a file of zero bytes', code: 'BACKUP_PART_EMPTY', make: onLargest(() => Buffer.alloc(0)) },
    {
      name: "a backup with a server's JSON reply in place of a file, which matches its manifest",
      code: 'BACKUP_PART_UNREADABLE',
      make: onLargest(() => Buffer.from('{"result":{"name":"a.snapshot","size":1},"status":"ok","time":0.1}\n'), {
        described: true,
      }),
    },
    { name: 'a backup of another engine', code: 'BACKUP_VERSION_FOREIGN', make: described({ engine: 'another' }) },
    {
      name: 'a backup of a server of a far later version',
      code: 'BACKUP_VERSION_FOREIGN',
      make: described({ serverVersion: '9999.0.0' }),
    },
  ];
}

type Change = (bytes: Buffer) => Buffer;

function onLargest(change: Change, options?: { readonly described: boolean }): Damage['make'] {
  return changing(largestPart, change, options);
}

/** With `described`, the manifest says what the changed file is: only the file's own structure gives it away then. */
function changing(
  choose: (manifest: BackupManifest) => BackupPart,
  change: Change,
  options?: { readonly described: boolean },
): Damage['make'] {
  return async (directory, copy, manifest) => {
    await cp(directory, copy, { recursive: true });
    const part = choose(manifest);
    const bytes = change(await readFile(join(copy, part.path)));
    await writeFile(join(copy, part.path), bytes);
    if (options?.described !== true) return manifest;
    const sha256 = sha256Of(bytes);
    const changed = { path: part.path, sizeBytes: bytes.length, sha256 };
    return { ...manifest, parts: manifest.parts.map((each) => (each.path === part.path ? changed : each)) };
  };
}

function flipBit(bytes: Buffer): Buffer {
  const middle = Math.floor(bytes.length / 2);
  bytes.writeUInt8(bytes.readUInt8(middle) ^ 1, middle);
  return bytes;
}

async function loseFile(directory: string, copy: string, manifest: BackupManifest): Promise<BackupManifest> {
  await cp(directory, copy, { recursive: true });
  await rm(join(copy, largestPart(manifest).path));
  return manifest;
}

function described(change: Partial<BackupManifest>): Damage['make'] {
  return async (directory, copy, manifest) => {
    await cp(directory, copy, { recursive: true });
    return { ...manifest, ...change };
  };
}

function largestPart({ parts }: BackupManifest): BackupPart {
  return parts.reduce((largest, part) => (part.sizeBytes > largest.sizeBytes ? part : largest));
}
