import { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import { GenericContainer, type WaitStrategy } from 'testcontainers';
import { deadlineMs } from '../../core/deadlines.ts';
import { messageOf, SandboxError } from '../../core/errors.ts';
import { docker } from '../runtime/docker.ts';
import { labelNames } from '../runtime/labels.ts';
import { requireOurs } from '../runtime/objects.ts';
import { requireForwarded } from '../runtime/ssh/forwarded-ports.ts';
import { confined } from './confinement.ts';
import { loopback, nodeHandle } from './node-handle.ts';
import type { NodeFile, NodeHandle, NodePlacement, NodeSpec, NodeVolume } from './node-spec.ts';
import { nodeLogs, removeContainer } from './nodes.ts';
import { expectPublishedPortsOnly } from './published-ports.ts';

/** What a node's output takes of the disk at most, 60 MB; by itself the container engine keeps all of it for ever. */
const logConfiguration = { Type: 'json-file', Config: { 'max-size': '20m', 'max-file': '3' } };

/**
 * Creates and starts the container of a node; it runs when this returns, but need not be ready yet.
 * Throws `NAME_TAKEN`, `PORT_TAKEN`, or `NODE_DIED` with the last log lines; no container is left behind then.
 */
export async function startNode(spec: NodeSpec, placement: NodePlacement): Promise<NodeHandle> {
  await Promise.all([requireFreeName(placement), expectPublishedPortsOnly()]);
  const container = describe(spec, placement);
  try {
    const started = await Promise.race([container.start(), container.earlyDeath]);
    await forwardNode(placement, started.getId());
    return nodeHandle(spec, placement, started.getId());
  } catch (thrown) {
    const evidence = await nodeLogs(placement.containerName, 30).catch(() => '');
    await removeContainer(placement.containerName);
    throw startError(placement, thrown, evidence);
  } finally {
    container.stopWatching();
  }
}

/** Before anything is created: what fails later is cleaned up by this name. */
async function requireFreeName({ containerName, labels }: NodePlacement): Promise<void> {
  const there = await (await docker())
    .getContainer(containerName)
    .inspect()
    .catch(() => undefined);
  if (there !== undefined) requireOurs('container', containerName, there.Config.Labels, labels);
}

function describe(spec: NodeSpec, placement: NodePlacement): NodeContainer {
  const container = new NodeContainer(spec, placement);
  container
    .withName(placement.containerName)
    .withLabels({
      ...placement.labels,
      [labelNames.stack]: placement.stackName,
      [labelNames.engine]: placement.engine,
      [labelNames.node]: spec.name,
      [labelNames.role]: spec.role,
    })
    .withNetworkMode(placement.network)
    .withEnvironment({ ...spec.environment })
    .withExposedPorts(...spec.ports.map((port) => ({ container: port, host: placement.hostPorts[port] ?? 0 })))
    .withBindMounts(
      (spec.volumes ?? []).map((volume) => ({
        source: volumeNameOf(placement, volume),
        target: volume.path,
      })),
    )
    .withTmpFs(
      Object.fromEntries(Object.entries(spec.tmpfs ?? {}).map(([path, sizeBytes]) => [path, `rw,size=${sizeBytes}`])),
    )
    // Our own clean-up works by label; a reaper would take the stack down with the command that started it.
    .withAutoCleanup(false)
    .withAutoRemove(false)
    .withWaitStrategy(started);
  if (spec.files !== undefined) container.withCopyArchivesToContainer([{ tar: archiveOf(spec.files), target: '/' }]);
  if (spec.entrypoint !== undefined) container.withEntrypoint([...spec.entrypoint]);
  if (spec.command !== undefined) container.withCommand([...spec.command]);
  if (spec.user !== undefined) container.withUser(spec.user);
  if (spec.sharedMemoryBytes !== undefined) container.withSharedMemorySize(spec.sharedMemoryBytes);
  return container;
}

/** testcontainers copies files as root's; a password file must belong to the user that the engine runs as. */
function archiveOf(files: readonly NodeFile[]): Readable {
  const archive = pack();
  for (const file of files) {
    archive.entry(
      { name: file.path.replace(/^\//, ''), mode: file.mode ?? 0o644, uid: file.owner ?? 0, gid: file.owner ?? 0 },
      typeof file.content === 'string' ? file.content.replaceAll('\r\n', '\n') : file.content,
    );
  }
  archive.finalize();
  return Readable.from(archive);
}

function volumeNameOf(placement: NodePlacement, { name, path, of }: NodeVolume): string {
  const volumeName = of === undefined ? placement.volumeNames[name] : placement.othersVolumes?.[path];
  if (volumeName === undefined) throw new Error(`no volume was placed for "${name}" of ${placement.containerName}`);
  return volumeName;
}

/** Readiness is asked over the engine's own protocol, by whoever starts the node. */
const started: WaitStrategy = {
  waitUntilReady: async () => {},
  withStartupTimeout: () => started,
  isStartupTimeoutSet: () => true,
  getStartupTimeout: () => deadlineMs('nodeReady'),
};

/**
 * testcontainers publishes on every address and joins a second network when given an alias; both are corrected
 * through its hooks, which exist only for subclasses.
 */
class NodeContainer extends GenericContainer {
  /** Rejects as soon as the container ends by itself while it starts: testcontainers would wait 10 s for its ports. */
  readonly earlyDeath: Promise<never>;
  #reportDeath: (error: Error) => void = () => {};
  /** A wait that goes on holds the process, for as long as the node runs. */
  readonly #watching = new AbortController();
  readonly #spec: NodeSpec;
  readonly #placement: NodePlacement;

  constructor(spec: NodeSpec, placement: NodePlacement) {
    super(placement.image);
    this.#spec = spec;
    this.#placement = placement;
    this.earlyDeath = new Promise((_, reject) => {
      this.#reportDeath = reject;
    });
    this.earlyDeath.catch(() => {});
  }

  stopWatching(): void {
    this.#watching.abort();
  }

  protected override async beforeContainerCreated(): Promise<void> {
    this.hostConfig.LogConfig = logConfiguration;
    Object.assign(this.hostConfig, { ...confined, SecurityOpt: [...confined.SecurityOpt] });
    if (this.#spec.withoutCapabilities === true) this.hostConfig.CapDrop = ['ALL'];
    if (this.#placement.memoryLimitBytes !== undefined) this.hostConfig.Memory = this.#placement.memoryLimitBytes;
    if (this.#placement.cpuShares !== undefined) this.hostConfig.CpuShares = this.#placement.cpuShares;
    this.createOpts.NetworkingConfig = {
      EndpointsConfig: {
        [this.#placement.network]: {
          Aliases: [this.#spec.name],
          ...(this.#placement.address === undefined ? {} : { IPAMConfig: { IPv4Address: this.#placement.address } }),
        },
      },
    };
    for (const bindings of Object.values(this.hostConfig.PortBindings ?? {})) {
      for (const binding of bindings as { HostIp?: string }[]) binding.HostIp = loopback;
    }
  }

  protected override async containerCreated(containerId: string): Promise<void> {
    const container = (await docker()).getContainer(containerId);
    container
      .wait({ condition: 'next-exit', abortSignal: this.#watching.signal })
      .then((end: { StatusCode: number }) => this.#reportDeath(new Error(`it ended with exit code ${end.StatusCode}`)))
      .catch(() => {});
  }
}

/** Where the engine is one of another machine, its ports are to be had on this one. */
async function forwardNode({ containerName, stackName, hostPorts }: NodePlacement, id: string): Promise<void> {
  const ports = Object.values(hostPorts).filter((port) => port !== 0);
  await requireForwarded([{ id, name: containerName, stack: stackName, ports }]);
}

function startError(placement: NodePlacement, thrown: unknown, evidence: string): SandboxError {
  if (thrown instanceof SandboxError) return thrown;
  const reason = messageOf(thrown);
  const engine = placement.engine;
  if (/port is already allocated|address already in use|failed to bind host port/i.test(reason)) {
    return new SandboxError({
      code: 'PORT_TAKEN',
      engine,
      message: `${placement.containerName} cannot publish its port: ${reason.replace(/\s+/g, ' ')}`,
      next: 'Stop the program that listens there, or let the stack move, with its data: `npm run sandbox -- up --ports new`.',
      cause: thrown,
    });
  }
  return new SandboxError({
    code: 'NODE_DIED',
    engine,
    message: `The container ${placement.containerName} did not start: ${reason}.`,
    next: 'Its last log lines are below; `npm run sandbox -- doctor` checks the machine.',
    evidence,
    cause: thrown,
  });
}
