import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SandboxError } from '../../core/errors.ts';
import { makeFolder } from '../../core/files/make-folder.ts';
import { notice, type ProgressListener, runTask } from '../../core/progress.ts';
import { withoutUndefined } from '../../core/without-undefined.ts';
import { momentOfArchive } from '../archive/archive-name.ts';
import type { Storage } from '../storage/storage.ts';

/** What {@link sendOutgoing} may be accompanied by. */
export interface SendOptions {
  readonly progress: ProgressListener;
  readonly signal?: AbortSignal | undefined;
}

/**
 * A storage that moves what it stores into `folder` first, and removes it once it is stored: what a run that was cut
 * leaves there is whole, and the next one sends it.
 */
export function withOutgoing(storage: Storage, folder: string): Storage {
  return {
    ...storage,
    async store(file, name, options) {
      await makeFolder(folder);
      const kept = join(folder, name);
      await rename(file, kept);
      await storage.store(kept, name, options);
      await rm(kept);
    },
  };
}

/**
 * Sends what earlier runs have left in `folder`, and goes on where they were cut. An archive that the storage does not
 * take is a warning and stays; throws where the storage cannot be used at all.
 */
export async function sendOutgoing(
  storage: Storage,
  folder: string,
  { progress, signal }: SendOptions,
): Promise<readonly string[]> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => momentOfArchive(name) !== undefined);
  const sent: string[] = [];
  for (const name of names.toSorted()) {
    const file = join(folder, name);
    try {
      await runTask(progress, ['store', name], (task) => {
        const advance = (done: number, total: number) => task.advance({ done, total });
        return storage.store(file, name, { progress: advance, ...withoutUndefined({ signal }) });
      });
    } catch (thrown) {
      if (!(thrown instanceof SandboxError) || thrown.code !== 'BACKUP_FAILED') throw thrown;
      notice(progress, 'warning', `${file} was left by an earlier backup, and is not taken: ${thrown.message}`);
      continue;
    }
    await rm(file);
    sent.push(name);
    notice(progress, 'info', `${name}, which an earlier backup could not store, is stored now.`);
  }
  return sent;
}
