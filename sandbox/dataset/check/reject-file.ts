import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { link, lstat, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { EntityName } from '../../../seeds/entities.ts';
import { messageOf, SandboxError } from '../../core/errors.ts';
import { writeError } from '../../core/files/private-files.ts';

/** One line of the reject file. */
export interface Rejected {
  readonly file: string;
  readonly line: number;
  readonly entity: EntityName;
  readonly reason: string;
  /** The row as it was read; absent where it could not be. */
  readonly row?: unknown;
}

/** Where bad rows go: into a file, or into the error that refuses all. */
export interface RejectedRows {
  readonly add: (rejected: Rejected) => Promise<void>;
  /** Throws where bad rows refuse all. */
  readonly end: () => Promise<void>;
  readonly discard: () => Promise<void>;
}

/** Rows hold what is nobody else's business, such as hashes of passwords: for the user alone, and never by a link. */
const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const mode = 0o600;

/**
 * A file of bad rows, which appears under its name when all of them are in it; where there are none it does not.
 * Throws `BAD_OPTION` where anything has that name already, links to nowhere included, or it cannot be made.
 */
export async function openRejectFile(path: string): Promise<RejectedRows> {
  if ((await lstat(path).catch(() => undefined)) !== undefined) throw badRejects(`${path} is there already.`);
  const partial = join(dirname(path), `.${basename(path).slice(0, 100)}.${randomUUID().slice(0, 8)}.partial`);
  const handle = await open(partial, flags, mode).catch((thrown: unknown) => {
    throw badRejects(`${path} cannot be written: ${messageOf(thrown)}.`);
  });
  let rows = 0;
  const discard = async () => {
    await handle.close();
    await rm(partial, { force: true });
  };
  return {
    discard,
    async add(rejected) {
      rows += 1;
      await orNotWritten(path, () => handle.writeFile(`${JSON.stringify(rejected)}\n`));
    },
    async end() {
      if (rows === 0) return discard();
      await orNotWritten(path, async () => {
        await handle.sync();
        await handle.close();
      });
      await giveName(partial, path);
    },
  };
}

/** Never over what somebody else has put there meanwhile: a link is made or is not. */
async function giveName(partial: string, path: string): Promise<void> {
  try {
    await link(partial, path);
    await rm(partial);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'EEXIST') {
      await rm(partial, { force: true });
      throw badRejects(`${path} was made by somebody else meanwhile.`);
    }
    // A file system without links: the name is taken first, then given to the file.
    await (await open(path, flags, mode)).close();
    await rename(partial, path);
  }
}

/** As on a disk that is full. */
async function orNotWritten(path: string, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (thrown) {
    throw writeError(path, thrown);
  }
}

function badRejects(message: string): SandboxError {
  return new SandboxError({ code: 'BAD_OPTION', message: `--rejects: ${message}`, next: 'Name another file.' });
}
