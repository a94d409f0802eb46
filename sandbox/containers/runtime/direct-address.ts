import { networkInterfaces } from 'node:os';
import type { NodeHandle } from '../nodes/node-spec.ts';
import { docker } from './docker.ts';

/**
 * IPv4 address of a node on its own network, where that network's bridge is an interface of this machine. There a
 * connection needs no process of Docker's that copies each byte from the loopback address to the same bridge. Nothing
 * elsewhere: behind a virtual machine or in another network namespace that address may be somebody else's.
 */
export async function directAddress(
  node: NodeHandle,
  interfaces: ReturnType<typeof networkInterfaces> = networkInterfaces(),
): Promise<string | undefined> {
  const { NetworkSettings } = await (await docker()).getContainer(node.containerId).inspect();
  const attached = NetworkSettings.Networks[node.network];
  if (attached === undefined || attached.IPAddress === '') return undefined;
  // Docker's name for the bridge of a network (libnetwork, `drivers/bridge`).
  const bridge = interfaces[`br-${attached.NetworkID.slice(0, 12)}`] ?? [];
  return bridge.some(({ address }) => address === attached.Gateway) ? attached.IPAddress : undefined;
}
