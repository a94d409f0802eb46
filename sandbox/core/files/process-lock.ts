import { existsSync } from 'node:fs';
import { readFile, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { lock } from 'proper-lockfile';
import { deadlineMs } from '../deadlines.ts';
import { SandboxError } from '../errors.ts';
import { fatal, poll } from '../poll.ts';
import { startTimeOf } from '../process/start-time.ts';
import { writeError, writeShortLivedFile } from './private-files.ts';
import { userFolder } from './user-folder.ts';

/**
 * A lock whose owner was killed is given back after this long; the owner renews it twice as often. One that is stopped, or
 * whose machine slept, does not renew it and goes on later: while its process is there, the lock is its.
 */
export const staleMs = 3_000;

/** {@link withProcessLock} for what all processes of this user share; `name` is that of the lock's file. */
export async function withUserLock<Value>(
  name: string,
  what: string,
  work: () => Promise<Value>,
  options: { readonly signal?: AbortSignal | undefined; readonly timeoutMs?: number } = {},
): Promise<Value> {
  return withProcessLock(join(await userFolder(), `${name}.lock`), what, work, options);
}

/**
 * Runs `work` while no other process of this machine holds the lock file.
 * `what` says for people what is being locked. Throws `STACK_BUSY` beyond the deadline (default: `stackLock`), and
 * `NO_DISK_SPACE` or `BAD_OPTION` where the file cannot be made, whoever holds it.
 */
export async function withProcessLock<Value>(
  lockFile: string,
  what: string,
  work: () => Promise<Value>,
  options: { readonly signal?: AbortSignal | undefined; readonly timeoutMs?: number } = {},
): Promise<Value> {
  const timeoutMs = options.timeoutMs ?? deadlineMs('stackLock');
  let holder: number | undefined;
  const release = await poll(
    async () => {
      holder = await holderThere(lockFile);
      if (holder !== undefined) return false;
      return lock(lockFile, { lockfilePath: lockFile, realpath: false, stale: staleMs, onCompromised: () => {} }).catch(
        async (thrown) => {
          if (cannotBeMade(lockFile, thrown)) throw fatal(writeError(lockFile, thrown));
          await letAge(lockFile);
          throw thrown;
        },
      );
    },
    {
      timeoutMs,
      signal: options.signal,
      onTimeout: () => busy(what, timeoutMs, holder),
    },
  );
  const mark = holderMark();
  // Without it, as on a full disk, the renewal of the lock alone counts.
  await writeShortLivedFile(holderFile(lockFile), mark).catch(() => {});
  try {
    return await work();
  } finally {
    // In this order: a lock that was not renewed for long would be somebody else's once nobody is said to have it.
    await release().catch(() => {});
    await removeHolder(lockFile, mark);
  }
}

/** That of somebody else stays, who has taken a lock that seemed to be nobody's. */
async function removeHolder(lockFile: string, mark: string): Promise<void> {
  const file = holderFile(lockFile);
  if ((await readFile(file, 'utf8').catch(() => '')) === mark) await rm(file, { force: true }).catch(() => {});
}

/** Says beside a lock which process has it. */
export function holderFile(lockFile: string): string {
  return `${lockFile}.holder`;
}

/** The last part tells two of one process apart. */
function holderMark(): string {
  return [hostname(), process.pid, startTimeOf(process.pid) ?? '', crypto.randomUUID()].join(':');
}

/** What {@link holderMark} says of a process of this machine; `undefined` where nobody, or one of another machine, is named. */
async function readHolder(lockFile: string): Promise<{ readonly pid: number; readonly startTime: string } | undefined> {
  const text = await readFile(holderFile(lockFile), 'utf8').catch(() => '');
  const [host, processId, startTime = ''] = text.split(':');
  return host === hostname() ? { pid: Number(processId), startTime } : undefined;
}

/** The process that has a lock, where it is known to be there: one of another machine, or system, may be or not. */
async function holderThere(lockFile: string): Promise<number | undefined> {
  const holder = await readHolder(lockFile);
  const isThere = holder !== undefined && holder.startTime !== '' && startTimeOf(holder.pid) === holder.startTime;
  return isThere ? holder.pid : undefined;
}

/**
 * The process of this machine that has ended with a lock, and that nobody has taken the lock over from since. `undefined` also
 * where that cannot be told for certain.
 */
export async function deadHolder(lockFile: string): Promise<number | undefined> {
  const { pid = 0, startTime = '' } = (await readHolder(lockFile)) ?? {};
  if (!Number.isInteger(pid) || pid <= 0 || !hasEnded(pid, startTime)) return undefined;
  return (await isRenewed(lockFile)) ? undefined : pid;
}

/** One in another container of the same host name has processes of its own: it renews its lock, and is none of ours. */
async function isRenewed(lockFile: string): Promise<boolean> {
  const aheadMs = await renewedAheadMs(lockFile);
  return aheadMs !== undefined && Math.abs(aheadMs) < staleMs;
}

/** A clock that was put back after the holder had been killed would keep its lock until it is there again: it ages from now on. */
async function letAge(lockFile: string): Promise<void> {
  const aheadMs = (await renewedAheadMs(lockFile)) ?? 0;
  if (aheadMs < staleMs || (await deadHolder(lockFile)) === undefined) return;
  const now = new Date();
  await utimes(lockFile, now, now).catch(() => {});
}

/** How far the last renewal of a lock lies ahead of now, in milliseconds: mostly it is negative. `undefined`: there is none. */
async function renewedAheadMs(lockFile: string): Promise<number | undefined> {
  const found = await stat(lockFile).catch(() => undefined);
  return found && found.mtimeMs - Date.now();
}

/** Another one may have its number by now, where the system tells when a process started. */
function hasEnded(processId: number, startTime: string): boolean {
  if (startTime !== '') return startTimeOf(processId) !== startTime;
  try {
    process.kill(processId, 0);
    return false;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

/** A process that is stopped, or hangs, keeps its lock: whoever waits for it has to know which one it is. */
function busy(what: string, timeoutMs: number, holder: number | undefined): SandboxError {
  const who = holder === undefined ? '' : `, process ${holder},`;
  // A signal that ends a stopped process does so once it goes on.
  const end = holder === undefined ? '' : `: kill ${holder}, and where it is stopped (Ctrl-Z) kill -CONT ${holder}`;
  return new SandboxError({
    code: 'STACK_BUSY',
    message: `Another command${who} has been changing ${what} for ${timeoutMs / 1000} s.`,
    next: `Wait for it or end it${end}. Its lock expires a few seconds after it has ended.`,
  });
}

/** Of folders and disks that no wait will change (errno(3)). */
const lasting: ReadonlySet<string | undefined> = new Set([
  ...['EACCES', 'EDQUOT', 'ELOOP', 'ENAMETOOLONG', 'ENOSPC', 'ENOTDIR', 'EPERM', 'EROFS'],
]);

function cannotBeMade(lockFile: string, thrown: unknown): boolean {
  const { code } = thrown as NodeJS.ErrnoException;
  // A lock that is given back at this moment is missing too; the folder of one is not.
  return lasting.has(code) || (code === 'ENOENT' && !existsSync(dirname(lockFile)));
}
