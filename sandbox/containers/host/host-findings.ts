import { readFile, statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { availableParallelism, freemem, totalmem } from 'node:os';
import { deadlineMs } from '../../core/deadlines.ts';
import { messageOf, SandboxError } from '../../core/errors.ts';
import { officialBase } from '../images/base-image.ts';
import { atMirror, withoutStatus } from '../images/image-pull.ts';
import { docker } from '../runtime/docker.ts';
import { getDocument } from '../runtime/engine-http.ts';
import { type DockerEndpoint, findDockerEndpoint, passedOverSockets } from '../runtime/find/docker-endpoint.ts';
import { silentEngine } from '../runtime/find/silent-engines.ts';
import { type OtherMachine, otherMachine } from '../runtime/ssh/other-machine.ts';
import type { Finding, HostCheck, HostMachine } from './host-check.ts';
import { canInstallPackages, installAdvice } from './host-system.ts';

/** Of what a virtual machine, or another one, does not show. */
const notVisible = 'of the machine that the engine runs on; not visible from here';

/** What the engines that are meant want of a machine. */
interface Wishes {
  /** Room for all of them with `small`, and for their images. */
  readonly room: { readonly diskBytes: number; readonly memoryBytes: number };
  /** What one or the other looks at of its own. */
  readonly checks: readonly HostCheck[];
}

/**
 * Looks at everything that a start depends on, side by side: of the machine that the engine runs on where that is another.
 * Changes nothing, and never throws.
 */
export async function inspectHost({ room, checks }: Wishes): Promise<readonly Finding[]> {
  const engine = await engineFinding();
  const withEngine = engine.state === 'failed' ? [] : [roomFindings(room), registryFinding()];
  const other = await otherMachine();
  const machine = await machineOf(other);
  const [packages, ports, asked, ...others] = await Promise.all([
    packagesFinding(),
    loopbackFinding(),
    Promise.all(checks.map((check) => check(machine))),
    ...withEngine,
  ]);
  const node: Finding = { name: 'node', state: 'ok', text: process.version };
  return [node, engine, ...others.flat(), packages, processorFinding(other), ...asked, ports];
}

/** Free disk where the engine keeps its data, as far as it can be seen from here, and free memory there, in bytes. */
export async function availableResources(): Promise<{ readonly diskBytes: number; readonly memoryBytes: number }> {
  const { DockerRootDir, MemTotal } = (await (await docker()).info()) as { DockerRootDir: string; MemTotal: number };
  const other = await otherMachine(DockerRootDir);
  if (other !== undefined) {
    const { diskBytes = Number.POSITIVE_INFINITY, memoryBytes = MemTotal } = other;
    return { diskBytes, memoryBytes };
  }
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
  try {
    const endpoint = await findDockerEndpoint();
    if (endpoint === undefined) {
      const silent = silentEngine();
      if (silent !== undefined) throw silent;
      const text = ['none answers', ...(await passedOverSockets())].join('; ');
      return { name, state: 'failed', text, next: installAdvice() };
    }
    const [info, version] = await describeEngine(endpoint);
    const product = version.Components?.[0]?.Name === 'Podman Engine' ? 'Podman' : 'Docker';
    const text = `${product} ${version.Version} at ${endpoint.leadsTo ?? endpoint.url}, storage ${info.Driver}, cgroup v${info.CgroupVersion ?? '1'}`;
    return { name, state: 'ok', text };
  } catch (thrown) {
    const next = thrown instanceof SandboxError ? thrown.next : 'Look at its log, and start it again.';
    return { name, state: 'failed', text: messageOf(thrown), next };
  }
}

/** Of one at a socket within a deadline: one that answers a ping may never say what it is. */
async function describeEngine({ socketPath }: DockerEndpoint): Promise<readonly [EngineInfo, EngineVersion]> {
  if (socketPath === undefined) {
    const client = await docker();
    return Promise.all([client.info() as Promise<EngineInfo>, client.version()]);
  }
  const described = Promise.all(['/info', '/version'].map((path) => getDocument(socketPath, path)));
  return (await described) as unknown as readonly [EngineInfo, EngineVersion];
}

/** As much as is shown (Docker Engine API, "System"). */
interface EngineInfo {
  readonly Driver: string;
  readonly CgroupVersion?: string;
}

interface EngineVersion {
  readonly Version: string;
  readonly Components?: readonly { readonly Name: string }[];
}

async function roomFindings(wanted: Wishes['room']): Promise<readonly Finding[]> {
  try {
    const { diskBytes, memoryBytes } = await availableResources();
    return [roomFinding('disk', diskBytes, wanted.diskBytes), roomFinding('memory', memoryBytes, wanted.memoryBytes)];
  } catch (thrown) {
    return [{ name: 'disk', state: 'warning', text: `cannot be seen: ${messageOf(thrown)}` }];
  }
}

function roomFinding(name: 'disk' | 'memory', bytes: number, wanted: number): Finding {
  if (!Number.isFinite(bytes)) return { name, state: 'ok', text: notVisible };
  const text = `${Math.round(bytes / 1e6).toLocaleString('en')} MB free`;
  if (bytes >= wanted) return { name, state: 'ok', text };
  const next = `The engines want about ${(wanted / 1e9).toFixed(1)} GB; start fewer with --engines.`;
  return { name, state: 'warning', text, next };
}

/** Asks through the container engine, which is who pulls, and may have a proxy and mirrors of its own. */
async function registryFinding(): Promise<Finding> {
  const name = 'image registry';
  const reference = atMirror(officialBase, process.env.SANDBOX_REGISTRY);
  const signal = AbortSignal.timeout(deadlineMs('registryAnswer'));
  try {
    await (await docker()).getImage(reference).distribution({ abortSignal: signal });
    return { name, state: 'ok', text: `answers for ${reference}` };
  } catch (thrown) {
    const text = signal.aborted
      ? `no answer within ${deadlineMs('registryAnswer') / 1000} s`
      : withoutStatus(messageOf(thrown));
    const next = 'Images are built here instead; a mirror can be named in SANDBOX_REGISTRY.';
    return { name, state: 'warning', text, next };
  }
}

async function packagesFinding(): Promise<Finding> {
  const name = 'packages';
  if (await canInstallPackages()) return { name, state: 'ok', text: 'can be installed: Debian or Ubuntu, as root' };
  const text = 'cannot be installed from here: that takes root on Debian or Ubuntu';
  const next = 'Without an image registry, carry the images here: `npm run sandbox -- prefetch --input FILE`.';
  return { name, state: 'warning', text, next };
}

function processorFinding(other: OtherMachine | undefined): Finding {
  const cores = other === undefined ? availableParallelism() : other.cores;
  if (cores === undefined) return { name: 'processor', state: 'ok', text: notVisible };
  if (cores >= 2) return { name: 'processor', state: 'ok', text: `${cores} cores` };
  return { name: 'processor', state: 'warning', text: 'one core', next: 'Set SANDBOX_DEADLINE_FACTOR=2.' };
}

async function machineOf(other: OtherMachine | undefined): Promise<HostMachine> {
  const hasAvx = other === undefined ? await processorHasAvx() : other.hasAvx;
  return { isOther: other !== undefined, ...(hasAvx === undefined ? {} : { hasAvx }) };
}

/** `undefined`: it cannot be seen, or the processor is none of x86, which has no such flag, and other needs. */
async function processorHasAvx(): Promise<boolean | undefined> {
  const flags = await readFile('/proc/cpuinfo', 'utf8').catch(() => undefined);
  return flags !== undefined && /^flags\s*:/m.test(flags) ? /\bavx\b/.test(flags) : undefined;
}

/** Whether the loopback address can be listened on, which all ports are published on. */
function loopbackFinding(): Promise<Finding> {
  const name = 'loopback';
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (thrown) => {
      const next = 'Bring the loopback interface up: `ip link set lo up`.';
      resolve({ name, state: 'failed', text: `127.0.0.1 cannot be listened on: ${messageOf(thrown)}`, next });
    });
    server.listen(0, '127.0.0.1', () => {
      server.close(() => resolve({ name, state: 'ok', text: 'ports can be published on 127.0.0.1' }));
    });
  });
}
