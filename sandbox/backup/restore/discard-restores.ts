import { runConcurrently } from '../../core/run-concurrently.ts';
import type { EngineName } from '../../engines/engine-names.ts';
import { engineNames } from '../../engines/engine-names.ts';
import { loadEngines } from '../../engines/load-engines.ts';
import { restoresBeside } from '../../stack/replace/restore-stacks.ts';
import type { StackOptions } from '../../stack/stack-options.ts';
import { stackIdentity } from '../../stack/state/stack-identity.ts';
import { withBackupLock } from '../backup-lock.ts';
import { removeEarlier, runningOf } from './restore-beside.ts';

export interface DiscardOptions extends Pick<StackOptions, 'directory' | 'name' | 'progress'> {
  /** Engines whose copies go. Default: all, and the stacks of restores with them. */
  readonly engines?: readonly EngineName[];
}

/** What is gone of the restores beside live data. */
export interface DiscardReport {
  readonly version: 1;
  readonly stack: string;
  /** Databases and collections, of each engine that runs and can have some. */
  readonly engines: readonly { readonly engine: string; readonly names: readonly string[] }[];
  /** Stacks that restores had made beside this one. */
  readonly stacks: readonly string[];
  /** Engines that can have some and do not run: what is in them stays. */
  readonly notRunning: readonly string[];
}

/**
 * Removes what restores beside the live data have left: copies in running engines, told by their marks, and stacks of
 * restores that have come to their end. Everything else stays, however it is called. Throws `BACKUP_BUSY` while a backup
 * or a restore of the stack runs.
 */
export async function discardRestores(options: DiscardOptions): Promise<DiscardReport> {
  const identity = stackIdentity(options);
  return withBackupLock(identity, 'restore', async () => {
    const able = (await loadEngines(options.engines ?? engineNames)).flatMap((engine) =>
      engine.backup?.discardBeside !== undefined ? [{ engine, discard: engine.backup.discardBeside }] : [],
    );
    const running = await runningOf(
      able.map(({ engine }) => engine),
      options,
    );
    const stacks = options.engines === undefined ? await restoresBeside(identity) : [];
    const engines = await runConcurrently(able, async ({ engine: { name }, discard }) => {
      const found = running.get(name);
      return found === undefined ? undefined : { engine: name, names: await discard(found) };
    });
    return {
      version: 1,
      stack: identity.name,
      engines: engines.filter((each) => each !== undefined),
      stacks: await removeEarlier(
        stacks.filter(({ isWhole }) => isWhole),
        options,
      ),
      notRunning: able.flatMap(({ engine: { name } }) => (running.has(name) ? [] : [name])),
    };
  });
}
