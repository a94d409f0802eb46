import { readFile, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { isOwnerAlive, ownerOfThisProcess } from '../containers/runtime/owner.ts';
import { now } from '../core/clock.ts';
import { type ErrorCode, SandboxError } from '../core/errors.ts';
import { writeError, writeShortLivedFile } from '../core/files/private-files.ts';
import { withProcessLock } from '../core/files/process-lock.ts';
import { fatal, poll } from '../core/poll.ts';
import { notice, type ProgressListener, silent } from '../core/progress.ts';
import { stackLockFile } from '../stack/state/stack-folder.ts';
import type { StackIdentity } from '../stack/state/stack-identity.ts';

/** What goes on alone on a stack, however long it takes. */
export interface Exclusive {
  readonly stack: StackIdentity;
  /** Of the lock's file: what excludes each other has the same. */
  readonly extension: string;
  /** What goes on, for people: `backup`. */
  readonly what: string;
  /** Of the error that says who holds the lock. */
  readonly code: ErrorCode;
  /** How long whoever holds it is waited for, in milliseconds. Default: not at all. */
  readonly waitMs?: number;
  /** Told once of whoever is waited for. Default: nobody is. */
  readonly progress?: ProgressListener | undefined;
  /** Ends the waiting. */
  readonly signal?: AbortSignal | undefined;
}

/** Who holds the lock, as its file says it. */
interface Holder {
  readonly owner: string;
  readonly what: string;
  /** ISO 8601, UTC. */
  readonly since: string;
  /** Tells two of one process apart. */
  readonly id: string;
}

/**
 * Runs `work` while nothing else holds the lock, in this process or another. The lock of a process that was killed is
 * taken over at once. Throws an error of `code`, with the process that holds it.
 */
export async function withHeldLock<Value>(exclusive: Exclusive, work: () => Promise<Value>): Promise<Value> {
  const { stack, extension, what, waitMs = 0, progress = silent, signal } = exclusive;
  const file = await stackLockFile(stack.directory, stack.name, extension);
  const holder = { owner: ownerOfThisProcess(), what, since: now().toISOString(), id: crypto.randomUUID() };
  let other: Holder | undefined;
  let isSaid = false;
  await poll(
    async () => {
      other = await liveHolder(file);
      other ??= await take(file, holder, stack).catch((thrown) => {
        throw fatal(thrown);
      });
      if (other !== undefined && waitMs > 0 && !isSaid) {
        isSaid = true;
        notice(progress, 'info', `${underWay(exclusive, other)} It is waited for.`);
      }
      return other === undefined;
    },
    { timeoutMs: waitMs, signal, intervalMs: 50, onTimeout: () => busy(exclusive, other as Holder, file) },
  );
  try {
    return await work();
  } finally {
    await giveBack(file, holder);
  }
}

/** Looking and taking is one step for all processes; it lasts a few milliseconds. Returns who was faster. */
async function take(file: string, holder: Holder, stack: StackIdentity): Promise<Holder | undefined> {
  return withProcessLock(`${file}.guard`, `a lock of ${stack.name}`, async () => {
    const other = await liveHolder(file);
    if (other !== undefined) return other;
    await writeShortLivedFile(file, `${JSON.stringify(holder)}\n`).catch((thrown) => {
      throw writeError(file, thrown);
    });
  });
}

async function giveBack(file: string, { id }: Holder): Promise<void> {
  if ((await readHolder(file))?.id === id) await rm(file, { force: true });
}

async function liveHolder(file: string): Promise<Holder | undefined> {
  const other = await readHolder(file);
  return other !== undefined && isOwnerAlive(other.owner) ? other : undefined;
}

/** What cannot be read was not written by us: it is written whole. */
async function readHolder(file: string): Promise<Holder | undefined> {
  try {
    const holder = JSON.parse(await readFile(file, 'utf8')) as Holder;
    return typeof holder.owner === 'string' ? holder : undefined;
  } catch {
    return undefined;
  }
}

function underWay({ stack }: Exclusive, { owner, what, since }: Holder): string {
  const [host, processId] = owner.split(':');
  return `A ${what} of the stack ${stack.name} is under way since ${since}, by process ${processId} on ${host}.`;
}

function busy(exclusive: Exclusive, holder: Holder, file: string): SandboxError {
  const [host, processId] = holder.owner.split(':');
  // Of another machine, or of this one under the name that it had, nobody here can tell.
  const otherwise = host === hostname() ? '' : ` on ${host}; where nothing of it runs any more, remove ${file}`;
  return new SandboxError({
    code: exclusive.code,
    message: underWay(exclusive, holder),
    next: `Wait for it, or end it: kill ${processId}${otherwise}`,
  });
}
