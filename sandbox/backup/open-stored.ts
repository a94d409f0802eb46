import { join } from 'node:path';
import { createPrivateFolder } from '../containers/runtime/private-folder.ts';
import { AsyncDisposableStack } from '../core/disposable-stack.ts';
import { type ProgressListener, runTask, silent } from '../core/progress.ts';
import { withoutUndefined } from '../core/without-undefined.ts';
import type { StackIdentity } from '../stack/state/stack-identity.ts';
import { type OpenedBackup, openBackup } from './archive/open-archive.ts';
import { stagingDirectory } from './create-backup.ts';
import type { ArchivePlace } from './kept/archives-of-project.ts';
import { type ArchiveProvenance, archiveKeys } from './keys/archive-keys.ts';
import { openStorage } from './storage/open-storage.ts';

/** An archive that was fetched, checked and unpacked. Disposing of it removes what was unpacked. */
export interface OpenedStored extends AsyncDisposable {
  readonly name: string;
  /** Where it is kept. */
  readonly location: string;
  readonly opened: OpenedBackup;
  readonly provenance: ArchiveProvenance;
}

export interface OpenStoredOptions {
  readonly progress?: ProgressListener | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Fetches an archive from where it is kept, and holds every byte of it against its seal and its manifest.
 * Throws `BACKUP_NOT_FOUND`, a `BACKUP_...` error for one that is not what was written, and what its storage throws.
 */
export async function openStored(
  { location, name }: ArchivePlace,
  identity: StackIdentity,
  { progress = silent, signal }: OpenStoredOptions = {},
): Promise<OpenedStored> {
  const passed = withoutUndefined({ signal });
  const keys = await archiveKeys(identity);
  await using cleanUp = new AsyncDisposableStack();
  const staging = cleanUp.use(await createPrivateFolder(await stagingDirectory(identity)));
  const storage = await openStorage(location);
  const file = join(staging.path, 'archive.tar.gz');
  await runTask(progress, ['fetch'], (task) =>
    storage.fetch(name, file, { ...passed, progress: (done, total) => task.advance({ done, total }) }),
  );
  const opened = cleanUp.use(
    await runTask(progress, ['check and unpack'], (task) =>
      openBackup(file, {
        ...passed,
        temporaryDirectory: staging.path,
        progress: (done, total) => task.advance({ done, total }),
      }),
    ),
  );
  const kept = cleanUp.move();
  return {
    name,
    location,
    opened,
    provenance: keys.provenanceOf(opened.signedBy),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
