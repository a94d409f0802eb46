import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { healFaults } from '../../containers/faults/heal-faults.ts';
import { findDockerEndpoint } from '../../containers/runtime/find/docker-endpoint.ts';
import { labelNames } from '../../containers/runtime/labels.ts';
import { findContainers, type Removed } from '../../containers/runtime/objects.ts';
import { SandboxError } from '../../core/errors.ts';
import { type ProgressListener, runTask, silent } from '../../core/progress.ts';
import { stackFolder } from '../state/stack-folder.ts';
import { stackIdentity } from '../state/stack-identity.ts';
import { withStackLock } from '../state/stack-lock.ts';
import { forgetStack, markStopped, readSecrets, readState } from '../state/stack-state.ts';
import { removeAbandoned } from './clean-up.ts';
import { removeStack } from './remove-stack.ts';
import { stopNodes } from './stop-nodes.ts';

/** What `takeDown` did. */
export interface TakenDown extends Removed {
  readonly stack: string;
  /** Whether volumes, passwords and ports are kept for the next start. */
  readonly dataKept: boolean;
  /** Folder of the stack's backups, which are kept, if there are any. */
  readonly backups?: string;
}

/**
 * Takes the stack of a folder down by its labels alone: it works after a crash and without a state file.
 * Keeps its data unless `volumes` is true. Also removes what commands that were killed have left behind.
 * Throws `NAME_TAKEN` where the stack of this name is that of another project, `STATE_NEWER` where a later release made it.
 */
export async function takeDown(options: {
  readonly directory?: string;
  readonly name?: string;
  readonly volumes: boolean;
  readonly progress?: ProgressListener;
}): Promise<TakenDown> {
  const { name, directory } = stackIdentity(options);
  if (!options.volumes) await readState(directory, name).catch(unlessCorrupt);
  await readSecrets(directory, name).catch(unlessCorrupt);
  return withStackLock(directory, name, async () => {
    const removed = await runTask(options.progress ?? silent, ['down'], () => removeAll(name, options.volumes));
    await (options.volumes ? forgetStack(directory, name) : markStopped(directory, name));
    const backups = join(await stackFolder(directory, name), 'backups');
    const kept = existsSync(backups) ? { backups } : {};
    return { ...removed, stack: name, dataKept: !options.volumes, ...kept };
  });
}

/** Files that cannot be understood are no reason not to take a stack down. */
function unlessCorrupt(thrown: unknown): void {
  if (!(thrown instanceof SandboxError) || thrown.code !== 'STATE_CORRUPT') throw thrown;
}

async function removeAll(name: string, volumes: boolean): Promise<Removed> {
  // Without a container engine nothing of ours can be there.
  if ((await findDockerEndpoint()) === undefined) return { containers: [], volumes: [], networks: [] };
  if (!volumes) {
    // A node that is paused could not stop in an orderly way, and a full disk stays full.
    await healFaults({ stackName: name, start: false });
    await stopNodes(await findContainers({ [labelNames.stack]: name }));
  }
  // Containers of a restore that was killed hold volumes of the stack.
  const abandoned = await removeAbandoned();
  const own = await removeStack(name, { volumes });
  return {
    containers: [...own.containers, ...abandoned.containers],
    volumes: [...own.volumes, ...abandoned.volumes],
    networks: [...own.networks, ...abandoned.networks],
  };
}
