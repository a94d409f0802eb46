import { hostname } from 'node:os';
import { ended, startTimeOf } from '../../core/process/start-time.ts';

/** `<host name>:<process id>:<start time>` of this process: what it owns can be told from what it left behind. */
export function ownerOfThisProcess(): string {
  return `${hostname()}:${process.pid}:${startTimeOf(process.pid) ?? ''}`;
}

/** Whether the owning process still runs. An owner on another host, or one that cannot be read, counts as alive. */
export function isOwnerAlive(owner: string): boolean {
  const [host, processId, startTime] = owner.split(':');
  if (host !== hostname() || processId === undefined) return true;
  try {
    process.kill(Number(processId), 0);
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'EPERM';
  }
  const now = startTimeOf(Number(processId));
  if (now === ended) return false;
  return now === undefined || startTime === '' || now === startTime;
}

/** A process, as plain data: told apart from a later one with the same number by the time of its start. */
interface ProcessIdentity {
  readonly pid: number;
  /** In milliseconds after the machine started; 0 where the system does not tell. */
  readonly startedAtMs: number;
}

/** This process, for what it leaves in a store or tells another process. */
export function thisProcess(): ProcessIdentity {
  return { pid: process.pid, startedAtMs: startedAtMs(process.pid) ?? 0 };
}

/** Whether that very process of this machine still runs. */
export function isProcessAlive({ pid, startedAtMs: started }: ProcessIdentity): boolean {
  return isOwnerAlive(`${hostname()}:${pid}:${started === 0 ? '' : started / tickMs}`);
}

function startedAtMs(processId: number): number | undefined {
  const ticks = startTimeOf(processId);
  return ticks === undefined ? undefined : Number(ticks) * tickMs;
}

/** Linux shows times in hundredths of a second, whatever its own clock (`USER_HZ`, time(7)). */
const tickMs = 10;
