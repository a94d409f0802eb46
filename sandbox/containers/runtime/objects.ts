import { deadlineMs } from '../../core/deadlines.ts';
import { SandboxError } from '../../core/errors.ts';
import { fatal, poll } from '../../core/poll.ts';
import { removeContainer, statusOf, unlessMissing } from '../nodes/nodes.ts';
import { docker, listContainers } from './docker.ts';
import { type Labels, labelFilter, labelNames } from './labels.ts';
import type { Published } from './ssh/forwarded-ports.ts';

/** A container of ours as Docker lists it. */
export interface FoundContainer {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly running: boolean;
  /** Frozen by `docker pause`, a fault or a machine that sleeps: it takes connections and gives no answer. */
  readonly paused: boolean;
  /** Docker is removing it, or has failed to (Docker Engine API, "dead"): it can only be made anew. */
  readonly unusable: boolean;
  /** For people: `Up 3 minutes`, `Exited (137) 2 seconds ago`. */
  readonly status: string;
  readonly labels: Labels;
  /** Container port to the host port that it is published on. Empty while it is stopped. */
  readonly hostPorts: Readonly<Record<number, number>>;
  /** Names of the volumes that it uses. */
  readonly volumes: readonly string[];
  /** Name of each of its networks to the address that it has or, where it is stopped, would have there. */
  readonly addresses: Readonly<Record<string, string>>;
}

export interface FoundObject {
  readonly name: string;
  readonly labels: Labels;
}

/** Containers that carry all these labels, running or not. */
export function findContainers(labels: Labels): Promise<readonly FoundContainer[]> {
  return findListed(labelFilter(labels));
}

/** Containers of the sandbox, of whatever stack, running or not. */
export function findAllContainers(): Promise<readonly FoundContainer[]> {
  return findListed({ label: [labelNames.purpose] });
}

async function findListed(filters: { readonly label: string[] }): Promise<readonly FoundContainer[]> {
  const found = await listContainers({ all: true, filters });
  return found.map((container) => ({
    id: container.Id,
    name: (container.Names[0] ?? '').replace(/^\//, ''),
    image: container.Image,
    running: container.State === 'running',
    paused: container.State === 'paused',
    unusable: container.State === 'removing' || container.State === 'dead',
    status: container.Status,
    labels: container.Labels,
    volumes: container.Mounts.flatMap((mount) => (mount.Type === 'volume' ? (mount.Name ?? []) : [])),
    addresses: Object.fromEntries(
      Object.entries(container.NetworkSettings?.Networks ?? {}).map(([name, { IPAMConfig, IPAddress }]) => {
        return [name, (IPAMConfig as { IPv4Address?: string } | null | undefined)?.IPv4Address || IPAddress];
      }),
    ),
    hostPorts: Object.fromEntries(
      container.Ports.filter((port) => port.PublicPort !== undefined).map((port) => [
        port.PrivatePort,
        port.PublicPort,
      ]),
    ),
  }));
}

/** The ports of containers that run, as they are forwarded where the engine is one of another machine. */
export function publishedOf(containers: readonly FoundContainer[]): readonly Published[] {
  return containers.map(({ id, name, labels, hostPorts }) => {
    return { id, name, stack: labels[labelNames.stack] ?? '', ports: [...new Set(Object.values(hostPorts))] };
  });
}

/** Volumes that carry all these labels. */
export async function findVolumes(labels: Labels): Promise<readonly FoundObject[]> {
  const { Volumes } = await (await docker()).listVolumes({ filters: labelFilter(labels) });
  return (Volumes ?? []).map((volume) => ({ name: volume.Name, labels: volume.Labels ?? {} }));
}

/** Networks that carry all these labels. */
export async function findNetworks(labels: Labels): Promise<readonly FoundObject[]> {
  const found = await (await docker()).listNetworks({ filters: labelFilter(labels) });
  return found.map((network) => ({ name: network.Name, labels: network.Labels ?? {} }));
}

/** Creates a network of our own unless it is there. Throws `NAME_TAKEN` where it is somebody else's. */
export async function ensureNetwork(name: string, labels: Labels): Promise<void> {
  const client = await docker();
  const there = await unlessMissing(() => client.getNetwork(name).inspect());
  if (there !== undefined) return requireOurs('network', name, there.Labels, labels);
  await client.createNetwork({ Name: name, CheckDuplicate: true, Driver: 'bridge', Labels: { ...labels } });
}

export interface VolumeOptions {
  /** Whether an empty one takes the place of one that is there. */
  readonly anew: boolean;
  /** Size in bytes of a volume in memory, which is gone once no container uses it. Default: one on disk. */
  readonly sizeBytes?: number | undefined;
}

/**
 * Creates a named volume unless it is there; with `anew` an empty one in its place, with `sizeBytes` one in memory.
 * Throws `NAME_TAKEN` where it is somebody else's.
 */
export async function ensureVolume(name: string, labels: Labels, options: VolumeOptions): Promise<void> {
  const client = await docker();
  const there = await unlessMissing(() => client.getVolume(name).inspect());
  if (there !== undefined) {
    requireOurs('volume', name, there.Labels, labels);
    if (!options.anew) return;
    await removeVolume(name);
  }
  const { sizeBytes } = options;
  // Options of the kernel's mount (Docker's documentation of `docker volume create`, "Driver-specific options").
  const inMemory = { type: 'tmpfs', device: 'tmpfs', o: `size=${sizeBytes}` };
  await client.createVolume({
    Name: name,
    Labels: { ...labels },
    ...(sizeBytes === undefined ? {} : { Driver: 'local', DriverOpts: inMemory }),
  });
}

/** Refuses an object that does not carry this stack's label. Throws `NAME_TAKEN`. */
export function requireOurs(kind: string, name: string, found: Labels | undefined | null, wanted: Labels): void {
  if (found?.[labelNames.stack] === wanted[labelNames.stack]) return;
  throw new SandboxError({
    code: 'NAME_TAKEN',
    message: `The ${kind} ${name} is not of this stack; it is left alone.`,
    next: 'Give the stack another name with --name or SANDBOX_NAME.',
  });
}

/** Removes a volume; one that is not there is no error. Throws `OBJECT_IN_USE` where somebody else's container has it. */
export async function removeVolume(name: string): Promise<void> {
  await unlessMissing(async () => (await docker()).getVolume(name).remove({ force: true })).catch(async (thrown) => {
    // Docker Engine API, "Remove a volume".
    const users = statusOf(thrown) === 409 ? await strangersWith('volume', name) : [];
    throw users.length === 0 ? thrown : inUse('volume', name, users);
  });
}

/**
 * Removes a network; one that is not there is no error. A busy Docker lets go of it a moment after the container that used
 * it is gone, and refuses until then (Docker Engine API, "Remove a network": 403). Throws `OBJECT_IN_USE` where somebody
 * else's container is in it.
 */
export async function removeNetwork(name: string): Promise<void> {
  const remove = async () => {
    await removeNetworkNow(name).catch(async (thrown) => {
      if (statusOf(thrown) !== 403) throw fatal(thrown);
      const users = await strangersWith('network', name);
      throw users.length === 0 ? thrown : fatal(inUse('network', name, users));
    });
    return true;
  };
  await poll(remove, { timeoutMs: deadlineMs('networkGone'), onTimeout: (last) => last as Error });
}

async function removeNetworkNow(name: string): Promise<void> {
  await unlessMissing(async () => (await docker()).getNetwork(name).remove());
}

/** Names of containers that are not of the sandbox, and use a volume, or are in a network. */
async function strangersWith(kind: 'volume' | 'network', name: string): Promise<readonly string[]> {
  const found = await listContainers({ all: true, filters: { [kind]: [name] } });
  return found
    .filter(({ Labels: own = {} }) => own[labelNames.stack] === undefined && own[labelNames.purpose] === undefined)
    .map(({ Names }) => (Names[0] ?? '').replace(/^\//, ''));
}

function inUse(kind: 'volume' | 'network', name: string, users: readonly string[]): SandboxError {
  const [first = ''] = users;
  const leave = kind === 'network' ? `docker network disconnect --force ${name} ${first}` : `docker rm ${first}`;
  return new SandboxError({
    code: 'OBJECT_IN_USE',
    message: `The ${kind} ${name} is used by containers that are not of the sandbox: ${users.join(', ')}. It stays.`,
    next: `Take them off it, for example \`${leave}\`, and run it again.`,
  });
}

/** What a clean-up took away, by kind. */
export interface Removed {
  readonly containers: readonly string[];
  readonly volumes: readonly string[];
  readonly networks: readonly string[];
}

/** Removes containers first, then what they used. Volumes are kept unless asked for. */
export async function removeByLabels(labels: Labels, options: { readonly volumes: boolean }): Promise<Removed> {
  const [containers, volumes, networks] = await Promise.all([
    findContainers(labels),
    options.volumes ? findVolumes(labels) : [],
    findNetworks(labels),
  ]);
  return removeFound(containers, volumes, networks);
}

/**
 * Removes containers first, then what they used. With `passBy` what the engine does not let go of stays for the next
 * time, and is not among the names that are returned; otherwise it is an error.
 */
export async function removeFound(
  containers: readonly FoundContainer[],
  volumes: readonly FoundObject[],
  networks: readonly FoundObject[],
  options: { readonly passBy?: boolean } = {},
): Promise<Removed> {
  const removeEach = async <Found extends { readonly name: string }>(
    all: readonly Found[],
    remove: (found: Found) => Promise<void>,
  ): Promise<readonly string[]> => {
    const removing = all.map(async (found) => {
      try {
        await remove(found);
        return [found.name];
      } catch (thrown) {
        if (options.passBy !== true) throw thrown;
        return [];
      }
    });
    return (await Promise.all(removing)).flat();
  };
  const goneContainers = await removeEach(containers, ({ id }) => removeContainer(id));
  const [goneVolumes, goneNetworks] = await Promise.all([
    removeEach(volumes, ({ name }) => removeVolume(name)),
    // Docker can count an endpoint that is no more until it starts anew (20.10, at a load of 50): nobody waits for that.
    removeEach(networks, ({ name }) => (options.passBy === true ? removeNetworkNow(name) : removeNetwork(name))),
  ]);
  return { containers: goneContainers, volumes: goneVolumes, networks: goneNetworks };
}
