import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

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
  return now === undefined || startTime === '' || now === startTime;
}

/** Clock ticks after boot, field 22 of `/proc/<id>/stat` (proc(5)): a reused process id has another one. */
function startTimeOf(processId: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${processId}/stat`, 'utf8');
    // The second field is a name in brackets that may hold spaces.
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
