import { readFileSync } from 'node:fs';

/** Of a process that has ended, and that nobody has asked how: in a container without an init system it stays for ever. */
export const ended = 'ended';

/**
 * When a process of this machine started: clock ticks after boot, field 22 of `/proc/<id>/stat` (proc(5)). A reused process
 * id has another one. `undefined`: there is no such process, or the system does not tell.
 */
export function startTimeOf(processId: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${processId}/stat`, 'utf8');
    // The second field is a name in brackets that may hold spaces.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? ended : fields[19];
  } catch {
    return undefined;
  }
}
