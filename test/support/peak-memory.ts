import { readFileSync } from 'node:fs';
import { platform } from 'node:os';

/**
 * Most bytes that were resident in this process since it began, with its workers and all that was not collected yet.
 * On Linux not `maxRSS`: that counts what the parent held when it started this process, for the kernel carries it over an
 * `execve` (getrusage(2)). A test that makes its input in memory would measure itself.
 */
export function residentBytesMax(): number {
  if (platform() !== 'linux') return process.resourceUsage().maxRSS * 1_024;
  const [, kib] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  if (kib === undefined) throw new Error('/proc/self/status has no VmHWM');
  return Number(kib) * 1_024;
}
