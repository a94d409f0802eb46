import { createHash } from 'node:crypto';
import type { ResolvedImage } from '../containers/image-spec.ts';
import { labelNames } from '../containers/labels.ts';
import type { NodeHandle, NodePlacement, NodeSpec } from '../containers/node-spec.ts';
import type { EngineStart } from './engine-start.ts';
import { volumeNamesOf } from './generations.ts';

/** Names, ports and labels that a node has in its stack. */
export function placementOf(spec: NodeSpec, start: EngineStart, address?: string): NodePlacement {
  const containerName = `${start.stackName}-${spec.name}`;
  const chosen = start.ports.chosen();
  // A node may listen on the very port that was chosen for it, so that its address is right on both sides.
  const isItself = (port: number) =>
    Object.entries(chosen).some(([key, hostPort]) => key.startsWith(`${spec.name}:`) && hostPort === port);
  const hostPorts = Object.fromEntries(
    spec.ports.map((port) => [port, chosen[`${spec.name}:${port}`] ?? (isItself(port) ? port : 0)]),
  );
  const placement = {
    stackName: start.stackName,
    engine: start.engine.name,
    image: start.image.reference,
    network: start.network,
    ...(address === undefined ? {} : { address }),
    hostPorts,
    containerName,
    volumeNames: volumeNamesOf(spec, start.volumesOf?.stackName ?? start.stackName, start.generation),
  };
  const labels = {
    ...start.labels,
    [labelNames.topology]: start.topology.name,
    [labelNames.origin]: start.image.origin,
    [labelNames.contentHash]: contentHashOf(spec, placement, start.image),
  };
  return { ...placement, labels };
}

/** Another hash means that the container must be made anew. */
function contentHashOf(spec: NodeSpec, placement: Omit<NodePlacement, 'labels'>, image: ResolvedImage): string {
  return createHash('sha256')
    .update(
      JSON.stringify([image.digest, placement.network, placement.address, placement.hostPorts, placement.volumeNames]),
    )
    .update(
      JSON.stringify(spec, (_, value) => (value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value)),
    )
    .digest('hex');
}

/** The handle of a container that is there already. */
export function handleOfExisting(spec: NodeSpec, placement: NodePlacement, containerId: string): NodeHandle {
  const { engine, containerName, image, network, address, hostPorts, volumeNames } = placement;
  const port = hostPorts[spec.ports[0] ?? 0] ?? 0;
  const host = '127.0.0.1';
  return {
    name: spec.name,
    role: spec.role,
    engine,
    containerId,
    containerName,
    image,
    network,
    ...(address === undefined ? {} : { address }),
    host,
    hostPorts,
    port,
    volumeNames,
  };
}
