import { createHash } from 'node:crypto';
import type { ResolvedImage } from '../../containers/images/image-spec.ts';
import type { NodePlacement, NodeSpec } from '../../containers/nodes/node-spec.ts';
import { labelNames } from '../../containers/runtime/labels.ts';
import { withoutUndefined } from '../../core/without-undefined.ts';
import { othersVolumesOf, volumeNamesOf } from '../resolve/generations.ts';
import type { EngineStart } from './engine-start.ts';

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
  const owner = start.volumesOf?.stackName ?? start.stackName;
  const othersVolumes = othersVolumesOf(spec, owner, start.generation);
  const placement = {
    stackName: start.stackName,
    engine: start.engine.name,
    image: start.image.reference,
    network: start.network,
    ...withoutUndefined({ address }),
    hostPorts,
    containerName,
    volumeNames: volumeNamesOf(spec, owner, start.generation),
    ...(Object.keys(othersVolumes).length === 0 ? {} : { othersVolumes }),
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
  return (
    createHash('sha256')
      .update(
        JSON.stringify([
          image.digest,
          placement.network,
          placement.address,
          placement.hostPorts,
          placement.volumeNames,
        ]),
      )
      // Nothing where it sees none.
      .update(JSON.stringify(placement.othersVolumes) ?? '')
      .update(
        JSON.stringify(spec, (_, value) => (value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value)),
      )
      .digest('hex')
  );
}
