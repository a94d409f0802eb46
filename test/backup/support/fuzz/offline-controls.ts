import { createReadStream, createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import type { BackupManifest } from '../../../../sandbox/engines/contract/backup.ts';
import type { Check } from './offline-check.ts';

/** A fault that engines have had, put back: the oracle must find it. */
export interface Control {
  readonly engine: string;
  readonly check: Check;
  /** Kind of mutants that show it. */
  readonly kind: string;
  /** How long an answer is waited for, in milliseconds. Default: as long as for ours. */
  readonly answerMs?: number;
  /** What the oracle says then. */
  readonly finding: RegExp;
}

export const controls: Readonly<Record<string, Control>> = {
  'users are a configuration that is passed on': {
    engine: 'redis',
    kind: 'a line of users that is none',
    finding: /^taken, and must be refused/,
    check: async (directory) => {
      await readFile(join(directory, 'users.acl'));
      return [];
    },
  },
  'doors of users are not looked for': {
    engine: 'redis',
    kind: 'a user with a door',
    finding: /^taken, and no rights are named/,
    check: async () => [],
  },
  'paths of a catalogue are followed': {
    engine: 'mongodb',
    kind: 'a file outside of the archive',
    finding: /^no answer within/,
    // Nobody writes into the pipe.
    answerMs: 5_000,
    check: async (directory) => {
      const { collections } = JSON.parse(await readFile(join(directory, 'catalogue.json'), 'utf8')) as {
        readonly collections: readonly { readonly file?: string }[];
      };
      for (const { file } of collections) if (file !== undefined) await readFile(join(directory, file));
      return [];
    },
  },
  'what a part unpacks to is not counted': {
    engine: 'qdrant',
    kind: 'a bomb within a part',
    finding: /bytes on the disk/,
    check: async (directory, manifest) => {
      for (const file of snapshotsOf(directory, manifest)) {
        await pipeline(createReadStream(file), createGunzip(), createWriteStream(`${file}.unpacked`));
      }
      return [];
    },
  },
  'what a part unpacks to is kept in memory': {
    engine: 'qdrant',
    kind: 'a bomb within a part',
    finding: /bytes of memory/,
    check: async (directory, manifest) => {
      for (const file of snapshotsOf(directory, manifest)) {
        const chunks: Buffer[] = [];
        for await (const chunk of createReadStream(file).pipe(createGunzip())) chunks.push(chunk as Buffer);
      }
      return [];
    },
  },
  'what is read is written beside the archive': {
    engine: 'redis',
    kind: 'bytes of a part',
    finding: /outside of its folder/,
    check: async (directory) => {
      await pipeline(
        createReadStream(join(directory, 'users.acl')),
        createWriteStream(join(directory, '../../../users.acl')),
      );
      return [];
    },
  },
  "an error is nobody's": {
    engine: 'redis',
    kind: 'a part less',
    finding: /^INTERNAL/,
    check: async (directory) => {
      for (const path of ['users.acl', 'dump.rdb']) await readFile(join(directory, path));
      return [];
    },
  },
};

function snapshotsOf(directory: string, { parts }: BackupManifest): readonly string[] {
  return parts.filter(({ path }) => path.endsWith('.snapshot')).map(({ path }) => join(directory, path));
}
