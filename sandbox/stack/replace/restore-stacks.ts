import { rm } from 'node:fs/promises';
import { type Labels, labelNames } from '../../containers/runtime/labels.ts';
import {
  ensureVolume,
  findContainers,
  findNetworks,
  findVolumes,
  type Removed,
} from '../../containers/runtime/objects.ts';
import { isOwnerAlive } from '../../containers/runtime/owner.ts';
import { SandboxError } from '../../core/errors.ts';
import { holderFile } from '../../core/files/process-lock.ts';
import { derivedName } from '../../core/text/derived-names.ts';
import { removeStack } from '../remove/remove-stack.ts';
import { stackLockFile } from '../state/stack-folder.ts';
import { type StackIdentity, stackNameBytesMax } from '../state/stack-identity.ts';
import { forgetStack, readState } from '../state/stack-state.ts';

/** A stack that a restore has made beside another one. */
export interface RestoreStack extends StackIdentity {
  /** Whether its restore has come to its end. */
  readonly isWhole: boolean;
  /** Whether the process that restores into it still runs. */
  readonly isOwned: boolean;
}

/** More restores are never beside one stack at once. */
const restoresMax = 100;

const marked = { [labelNames.purpose]: 'restore' };

/** Says that the restore into a stack, made with `beside`, has come to its end: from now on nobody but a restore removes it. */
export async function markRestored({ name, directory }: StackIdentity, beside: string): Promise<void> {
  const labels = {
    ...marked,
    [labelNames.stack]: name,
    [labelNames.directory]: directory,
    [labelNames.beside]: beside,
    [labelNames.restoredAt]: new Date().toISOString(),
  };
  await ensureVolume(`${name}_restored`, labels, { anew: true });
}

/** The stacks that restores have made beside this one. One that holds anything that a restore did not make is none. */
export async function restoresBeside({ name, directory }: StackIdentity): Promise<readonly RestoreStack[]> {
  return find({ [labelNames.beside]: name, [labelNames.directory]: directory });
}

/**
 * A name for a stack beside this one that no stack has, up or down, of this folder or another: `<name>-restore`, or
 * with a number behind it, in {@link stackNameBytesMax} bytes.
 */
export async function freeRestoreName({ name, directory }: StackIdentity): Promise<string> {
  for (let number = 1; number <= restoresMax; number += 1) {
    const candidate = derivedName(name, number === 1 ? '-restore' : `-restore-${number}`, stackNameBytesMax);
    // A state that cannot be read is somebody's too.
    const known = await readState(directory, candidate).catch(() => true);
    if (known === undefined && (await labelsOfAll({ [labelNames.stack]: candidate })).length === 0) return candidate;
  }
  throw new Error(`${restoresMax} stacks have names that end in -restore`);
}

/** What somebody else uses stays until the next time: it must not stop a stack that has nothing to do with it. */
function unlessInUse(thrown: unknown): Removed {
  if (!(thrown instanceof SandboxError) || thrown.code !== 'OBJECT_IN_USE') throw thrown;
  return { containers: [], volumes: [], networks: [] };
}

/** Removes the stacks of restores, of any folder, whose process died before they were whole. */
export async function removeAbandonedRestores(): Promise<Removed> {
  const abandoned = (await find({})).filter(({ isWhole, isOwned }) => !isWhole && !isOwned);
  const removed = await Promise.all(
    abandoned.map(async ({ name, directory }) => {
      // Files first: by what the container runtime has of it the stack is found again, where this process ends halfway.
      await forgetStack(directory, name);
      // Of the process that died, as everything else of this stack.
      const lockFile = await stackLockFile(directory, name, 'lock');
      await rm(holderFile(lockFile), { force: true });
      await rm(lockFile, { recursive: true, force: true });
      return removeStack(name, { volumes: true }).catch(unlessInUse);
    }),
  );
  return {
    containers: removed.flatMap(({ containers }) => containers),
    volumes: removed.flatMap(({ volumes }) => volumes),
    networks: removed.flatMap(({ networks }) => networks),
  };
}

async function find(labels: Labels): Promise<readonly RestoreStack[]> {
  const names = new Set((await labelsOfAll({ ...marked, ...labels })).map((found) => found[labelNames.stack] ?? ''));
  const stacks = [...names].map(async (name): Promise<RestoreStack | undefined> => {
    const all = await labelsOfAll({ [labelNames.stack]: name });
    const isOurs = all.every((found) => ['restore', 'fault', 'helper'].includes(found[labelNames.purpose] ?? ''));
    const [first] = all;
    if (!isOurs || first === undefined) return undefined;
    return {
      name,
      directory: first[labelNames.directory] ?? '',
      isWhole: all.some((found) => found[labelNames.restoredAt] !== undefined),
      isOwned: all.some(
        (found) => found[labelNames.owner] !== undefined && isOwnerAlive(found[labelNames.owner] ?? ''),
      ),
    };
  });
  return (await Promise.all(stacks)).filter((stack) => stack !== undefined);
}

async function labelsOfAll(labels: Labels): Promise<readonly Labels[]> {
  const found = await Promise.all([findContainers(labels), findVolumes(labels), findNetworks(labels)]);
  return found.flat().map((each) => each.labels);
}
