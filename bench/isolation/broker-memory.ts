import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { memoryFlags, memoryVariables } from '../../sandbox/harness/broker/attach-broker.ts';

/** Memory of a process that is in its pages now, and the most that ever was, in bytes. */
export interface ProcessMemory {
  readonly residentBytes: number;
  readonly peakBytes: number;
}

/** As `/proc/<id>/status` has it (proc(5)): `VmRSS`, `VmHWM`. Throws where this system has no such file. */
export async function memoryOf(pid: number): Promise<ProcessMemory> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8');
  const bytesOf = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1] ?? 0) * 1_024;
  return { residentBytes: bytesOf('VmRSS'), peakBytes: bytesOf('VmHWM') };
}

/** Memory of a process of this Node.js with a broker's settings that does nothing, in bytes. */
export async function nodeItselfBytes(): Promise<number> {
  const program = "require('node:fs').writeSync(1, '.'); setInterval(() => {}, 1e6)";
  const child = spawn(process.execPath, [...memoryFlags, '--eval', program], {
    env: { ...process.env, ...memoryVariables },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  try {
    await once(child.stdout, 'data');
    return (await memoryOf(child.pid ?? 0)).residentBytes;
  } finally {
    child.kill();
  }
}
