import { readFile, rm } from 'node:fs/promises';
import { isOwnerAlive, ownerOfThisProcess } from '../containers/runtime/owner.ts';
import { now } from '../core/clock.ts';
import { SandboxError } from '../core/errors.ts';
import { writePrivateFile } from '../core/files/private-files.ts';
import { withProcessLock } from '../core/files/process-lock.ts';
import { stackLockFile } from '../stack/state/stack-folder.ts';
import type { StackIdentity } from '../stack/state/stack-identity.ts';

/** What goes on alone. */
type Exclusive = 'backup' | 'restore' | 'change of topology';

/** Who holds the lock, as its file says it. */
interface Holder {
  readonly owner: string;
  /** As {@link Exclusive}. */
  readonly what: string;
  /** ISO 8601, UTC. */
  readonly since: string;
  /** Tells two of one process apart. */
  readonly id: string;
}

/**
 * Runs `work` while no other backup or restore of this stack runs, in this process or another. The lock of a process
 * that was killed is taken over at once. Throws `BACKUP_BUSY` without waiting.
 */
export async function withBackupLock<Value>(
  stack: StackIdentity,
  what: Exclusive,
  work: () => Promise<Value>,
): Promise<Value> {
  const file = await stackLockFile(stack.directory, stack.name, 'backup-lock');
  const holder = { owner: ownerOfThisProcess(), what, since: now().toISOString(), id: crypto.randomUUID() };
  await take(file, holder, stack);
  try {
    return await work();
  } finally {
    await giveBack(file, holder);
  }
}

/** Looking and taking is one step for all processes; it lasts a few milliseconds. */
async function take(file: string, holder: Holder, stack: StackIdentity): Promise<void> {
  await withProcessLock(`${file}.guard`, `the backup lock of ${stack.name}`, async () => {
    const other = await readHolder(file);
    if (other !== undefined && isOwnerAlive(other.owner)) throw busy(other, stack);
    await writePrivateFile(file, `${JSON.stringify(holder)}\n`);
  });
}

async function giveBack(file: string, { id }: Holder): Promise<void> {
  if ((await readHolder(file))?.id === id) await rm(file, { force: true });
}

/** What cannot be read was not written by us: it is written whole. */
async function readHolder(file: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}

function busy({ owner, what, since }: Holder, { name }: StackIdentity): SandboxError {
  const [host, processId] = owner.split(':');
  return new SandboxError({
    code: 'BACKUP_BUSY',
    message: `A ${what} of the stack ${name} is under way since ${since}, by process ${processId} on ${host}.`,
    next: `Wait for it, or end it: kill ${processId}`,
  });
}
