import { readFile, statfs } from 'node:fs/promises';
import { cpus, freemem, totalmem } from 'node:os';
import { messageOf } from '../core/errors.ts';
import { docker } from './docker.ts';
import { findDockerEndpoint } from './docker-endpoint.ts';
import { installAdvice } from './host-system.ts';

/** One thing about this machine that matters to the sandbox. */
export interface Finding {
  readonly name: string;
  readonly state: 'ok' | 'warning' | 'failed';
  readonly text: string;
  /** What to do about it, where something is to be done. */
  readonly next?: string;
}

/** What the five engines with `small` take, with their images, in bytes. */
const comfortable = { diskBytes: 6e9, memoryBytes: 3e9 } as const;

/** Looks at everything that a start depends on. Never throws. */
export async function inspectHost(): Promise<readonly Finding[]> {
  const engine = await engineFinding();
  const available = engine.state === 'failed' ? undefined : await availableResources().catch(() => undefined);
  return [
    { name: 'node', state: 'ok', text: process.version },
    engine,
    ...(available === undefined
      ? []
      : [roomFinding('disk', available.diskBytes), roomFinding('memory', available.memoryBytes)]),
    cpus().length >= 2
      ? { name: 'processor', state: 'ok', text: `${cpus().length} cores` }
      : { name: 'processor', state: 'warning', text: 'one core', next: 'Set SANDBOX_DEADLINE_FACTOR=2.' },
    await avxFinding(),
  ];
}

/** Free disk where the engine keeps its data, as far as it can be seen from here, and free memory, in bytes. */
export async function availableResources(): Promise<{ readonly diskBytes: number; readonly memoryBytes: number }> {
  const { DockerRootDir, MemTotal } = (await (await docker()).info()) as { DockerRootDir: string; MemTotal: number };
  const disk = await statfs(DockerRootDir).catch(() => undefined);
  // The engine of a desktop runs in a virtual machine: its folder is not ours, and its memory is what it was given.
  const isHere = disk !== undefined && Math.abs(MemTotal - totalmem()) < 1e6;
  return {
    diskBytes: isHere ? disk.bavail * disk.bsize : Number.POSITIVE_INFINITY,
    memoryBytes: isHere ? await availableMemoryBytes() : MemTotal,
  };
}

/** What programs can get without swapping: more than what is free, since caches give way. */
async function availableMemoryBytes(): Promise<number> {
  const text = await readFile('/proc/meminfo', 'utf8').catch(() => '');
  const kibibytes = /^MemAvailable:\s+(\d+) kB/m.exec(text)?.[1];
  return kibibytes === undefined ? freemem() : Number(kibibytes) * 1024;
}

async function engineFinding(): Promise<Finding> {
  const name = 'container engine';
  const endpoint = await findDockerEndpoint();
  if (endpoint === undefined) return { name, state: 'failed', text: 'none answers', next: installAdvice() };
  try {
    const info = await (await docker()).info();
    const text = `${info.Name} ${info.ServerVersion} at ${endpoint.url}, storage ${info.Driver}, cgroup ${info.CgroupVersion}`;
    return { name, state: 'ok', text };
  } catch (thrown) {
    return { name, state: 'failed', text: messageOf(thrown), next: 'Look at its log, and start it again.' };
  }
}

function roomFinding(name: 'disk' | 'memory', bytes: number): Finding {
  const wanted = name === 'disk' ? comfortable.diskBytes : comfortable.memoryBytes;
  if (!Number.isFinite(bytes))
    return { name, state: 'ok', text: "inside the engine's virtual machine, not visible from here" };
  const text = `${Math.round(bytes / 1e6).toLocaleString('en')} MB free`;
  if (bytes >= wanted) return { name, state: 'ok', text };
  const next = `All engines want about ${wanted / 1e9} GB; start fewer with --engines.`;
  return { name, state: 'warning', text, next };
}

async function avxFinding(): Promise<Finding> {
  const flags = await readFile('/proc/cpuinfo', 'utf8').catch(() => undefined);
  if (flags === undefined || /\bavx\b/.test(flags)) return { name: 'avx', state: 'ok', text: 'as MongoDB wants it' };
  return {
    name: 'avx',
    state: 'warning',
    text: 'the processor has none',
    next: "MongoDB's official image will not start; use `--images built`.",
  };
}
