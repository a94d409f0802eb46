import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Labels } from '../../containers/runtime/labels.ts';
import { createPrivateFolder } from '../../containers/runtime/private-folder.ts';
import { now } from '../../core/clock.ts';
import { runTask, silent } from '../../core/progress.ts';
import { withoutUndefined } from '../../core/without-undefined.ts';
import type { RunningEngine } from '../../engines/contract/topology.ts';
import { totalBytes } from '../../engines/shared/backup/backup-files.ts';
import { fillNewVolumes, readPresentVolumes } from '../../stack/furnish/staged-engines.ts';
import type { StackOptions } from '../../stack/stack-options.ts';
import { stackIdentity } from '../../stack/state/stack-identity.ts';
import { type ArchivedEngine, type ArchiveManifest, formatVersion } from '../archive/manifest.ts';
import { stagingDirectory } from '../create-backup.ts';
import { fillFrom } from './restore-one.ts';
import { type Change, refuseLoss } from './topology-changes.ts';

/**
 * Backs up what the present volumes of engines hold, whose nodes are gone, and restores it into new volumes of the other
 * topology. Throws what the engines throw, `RESTORE_WOULD_LOSE` before all; the present volumes are as they were.
 */
export async function carryOver(
  changes: readonly Change[],
  labels: Labels,
  options: Pick<StackOptions, 'directory' | 'name' | 'progress' | 'signal'>,
): Promise<void> {
  const { progress = silent, signal } = options;
  const identity = stackIdentity(options);
  const place = { labels, progress, signal: signal ?? new AbortController().signal };
  await using folder = await createPrivateFolder(await stagingDirectory(identity));
  const folderOf = (engine: string) => join(folder.path, engine);
  const taken: ArchivedEngine[] = [];
  await readPresentVolumes(
    changes.map(({ from }) => from),
    place,
    async (running) => {
      const change = changes.find(({ engine }) => engine.name === running.engine) as Change;
      const work = () => take(change, running, folderOf(running.engine));
      taken.push(await runTask(progress, ['back up', running.engine], work));
    },
  );
  const manifest: ArchiveManifest = {
    formatVersion,
    runId: randomUUID(),
    createdAt: now().toISOString(),
    stack: identity.name,
    dataset: null,
    engines: taken,
  };
  const engines = changes.map(({ engine }) => engine);
  const passed = withoutUndefined({ signal });
  // It is this stack's own: its users keep the rights that they have.
  const source = { manifest, folderOf, engines, archiveTrusted: true, ...passed };
  await fillNewVolumes(
    changes.map(({ to }) => to),
    place,
    fillFrom(source, progress, () => {}),
  );
}

async function take(change: Change, running: RunningEngine, directory: string): Promise<ArchivedEngine> {
  const { engine, backup } = change;
  const beganMs = performance.now();
  await refuseLoss(change, running);
  await mkdir(directory, { mode: 0o700 });
  const manifest = await backup.backUp(running, directory);
  return {
    backup: manifest,
    topology: running.topology,
    datasetFingerprint: (await engine.data?.loadedFingerprint(running)) ?? null,
    durationMs: Math.round(performance.now() - beganMs),
    sizeBytes: totalBytes(manifest),
  };
}
