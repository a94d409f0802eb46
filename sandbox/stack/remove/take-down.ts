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
import { forgetStack, isStackKnown, markStopped, readSecrets, readState } from '../state/stack-state.ts';
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
 * Throws `NAME_TAKEN` where the stack of this name is that of another project, `STATE_NEWER` where a later release made it,
 * and `DOCKER_NOT_FOUND` where there are files of the stack and no container engine answers: nothing is forgotten then.
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
    const isKnown = await isStackKnown(directory, name);
    const remove = () => removeAll(name, { volumes: options.volumes, isKnown });
    const removed = await runTask(options.progress ?? silent, ['down'], remove);
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

/** Throws `DOCKER_NOT_FOUND` for a stack that is known here: one whose engine gives no answer has what it had. */
async function removeAll(
  name: string,
  { volumes, isKnown }: { readonly volumes: boolean; readonly isKnown: boolean },
): Promise<Removed> {
  if (!isKnown && (await findDockerEndpoint()) === undefined) return { containers: [], volumes: [], networks: [] };
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
