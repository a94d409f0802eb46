import { docker } from './docker.ts';
import { type Labels, labelFilter } from './labels.ts';
import { removeContainer, statusOf } from './nodes.ts';

/** A container of ours as Docker lists it. */
export interface FoundContainer {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly running: boolean;
  /** For people: `Up 3 minutes`, `Exited (137) 2 seconds ago`. */
  readonly status: string;
  readonly labels: Labels;
  /** Container port to the host port that it is published on. Empty while it is stopped. */
  readonly hostPorts: Readonly<Record<number, number>>;
}

export interface FoundObject {
  readonly name: string;
  readonly labels: Labels;
}

/** Containers that carry all these labels, running or not. */
export async function findContainers(labels: Labels): Promise<readonly FoundContainer[]> {
  const found = await (await docker()).listContainers({ all: true, filters: labelFilter(labels) });
  return found.map((container) => ({
    id: container.Id,
    name: (container.Names[0] ?? '').replace(/^\//, ''),
    image: container.Image,
    running: container.State === 'running',
    status: container.Status,
    labels: container.Labels,
    hostPorts: Object.fromEntries(
      container.Ports.filter((port) => port.PublicPort !== undefined).map((port) => [
        port.PrivatePort,
        port.PublicPort,
      ]),
    ),
  }));
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

/** Creates a network of our own unless it is there. Returns whether it was created now. */
export async function ensureNetwork(name: string, labels: Labels): Promise<boolean> {
  const client = await docker();
  try {
    await client.getNetwork(name).inspect();
    return false;
  } catch (thrown) {
    if (statusOf(thrown) !== 404) throw thrown;
  }
  await client.createNetwork({ Name: name, CheckDuplicate: true, Driver: 'bridge', Labels: { ...labels } });
  return true;
}

/** Creates a named volume unless it is there. */
export async function ensureVolume(name: string, labels: Labels): Promise<void> {
  await (await docker()).createVolume({ Name: name, Labels: { ...labels } });
}

/** Removes a volume; one that is not there is no error. */
export async function removeVolume(name: string): Promise<void> {
  await withoutMissing(async () => (await docker()).getVolume(name).remove({ force: true }));
}

/** Removes a network; one that is not there is no error. */
export async function removeNetwork(name: string): Promise<void> {
  await withoutMissing(async () => (await docker()).getNetwork(name).remove());
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
  await Promise.all(containers.map((container) => removeContainer(container.id)));
  await Promise.all([
    ...volumes.map((volume) => removeVolume(volume.name)),
    ...networks.map((network) => removeNetwork(network.name)),
  ]);
  return {
    containers: containers.map((container) => container.name),
    volumes: volumes.map((volume) => volume.name),
    networks: networks.map((network) => network.name),
  };
}

async function withoutMissing(act: () => Promise<unknown>): Promise<void> {
  try {
    await act();
  } catch (thrown) {
    if (statusOf(thrown) !== 404) throw thrown;
  }
}
