import { withoutUndefined } from '../../core/without-undefined.ts';
import type { NodeHandle, NodePlacement, NodeSpec } from './node-spec.ts';

/** Where every port of a container is published, and nowhere else. */
export const loopback = '127.0.0.1';

/** What is known of a node in its place, whether its container was made now or is there already. */
export function nodeHandle(spec: NodeSpec, placement: NodePlacement, containerId: string): NodeHandle {
  const port = spec.ports.length === 0 ? 0 : placement.hostPorts[spec.ports[0] ?? 0];
  if (port === undefined) throw new Error(`no host port was given for the first port of ${spec.name}`);
  return {
    name: spec.name,
    role: spec.role,
    engine: placement.engine,
    containerId,
    containerName: placement.containerName,
    image: placement.image,
    network: placement.network,
    ...withoutUndefined({ address: placement.address }),
    host: loopback,
    hostPorts: placement.hostPorts,
    port,
    volumeNames: placement.volumeNames,
  };
}

/** A node whose container is not ours, at an address of somebody else's: it can be asked, and nothing else. */
export function nodeElsewhere(
  { name, role }: NodeSpec,
  engine: string,
  { host, port }: { readonly host: string; readonly port: number },
): NodeHandle {
  const container = { containerId: '', containerName: '', image: '', network: '', volumeNames: {} };
  return { ...container, name, role, engine, host: host as NodeHandle['host'], port, hostPorts: {} };
}
