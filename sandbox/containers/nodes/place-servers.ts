import { randomInt } from 'node:crypto';
import { SandboxError } from '../../core/errors.ts';
import { firstPort, isFreePort, portCount } from '../../core/process/free-port.ts';
import { type Labels, labelNames } from '../runtime/labels.ts';
import { type FoundContainer, findContainers } from '../runtime/objects.ts';
import { stopForwarding } from '../runtime/ssh/forwarded-ports.ts';
import type { NodeHandle, NodeSpec } from './node-spec.ts';
import { removeContainer } from './nodes.ts';
import { startNode } from './start-node.ts';

/** A server that a test has for itself, of the same image as a node of a stack and in its network. */
export interface PlaceServer {
  /** Name in the network, and what the server is found and removed by. */
  readonly id: string;
  /** The node beside which it is. */
  readonly beside: NodeHandle;
  /** What it keeps lies in the container, and goes with it: its volumes are left out. */
  readonly spec: NodeSpec;
  readonly memoryLimitBytes: number;
}

/** Ports that are tried before it is given up: others look for theirs at the same time. */
const portsTried = 5;

/**
 * Starts the server; it runs when this returns, but need not be ready yet.
 * Throws `PORT_TAKEN` where none of some ports is to be had, and what `startNode` throws.
 */
export async function startPlaceServer({ id, beside, spec, memoryLimitBytes }: PlaceServer): Promise<NodeHandle> {
  const labels = await labelsOf(id, beside);
  const { volumes: _, ...own } = spec;
  for (let attempt = 1; ; attempt += 1) {
    const hostPorts: Record<number, number> = {};
    for (const port of spec.ports) hostPorts[port] = await freePort();
    const placement = {
      stackName: id,
      engine: beside.engine,
      image: beside.image,
      network: beside.network,
      hostPorts,
      containerName: containerNameOf(id, beside.network),
      volumeNames: {},
      memoryLimitBytes,
      labels,
    };
    try {
      return await startNode({ ...own, name: id }, placement);
    } catch (thrown) {
      const isTaken = thrown instanceof SandboxError && thrown.code === 'PORT_TAKEN';
      if (!isTaken || attempt === portsTried) throw thrown;
    }
  }
}

function containerNameOf(id: string, stackName: string): string {
  return `${stackName}-${id}`;
}

/**
 * Those of the node, so that the server goes with a throw-away stack whose process has died; but it has a stack's name of
 * its own: nothing that looks at the stack takes it for one of its nodes.
 */
async function labelsOf(id: string, beside: NodeHandle): Promise<Labels> {
  const stackName = beside.network;
  const nodes = await findContainers({ [labelNames.stack]: stackName });
  const found = nodes.find(({ id: container }) => container === beside.containerId)?.labels ?? {};
  const kept = [labelNames.madeBy, labelNames.directory, labelNames.key, labelNames.owner, labelNames.origin];
  const purpose = found[labelNames.purpose] === 'throw-away' ? 'throw-away' : 'place';
  return {
    ...Object.fromEntries(kept.flatMap((name) => (found[name] === undefined ? [] : [[name, found[name]]]))),
    [labelNames.stack]: id,
    [labelNames.beside]: stackName,
    [labelNames.purpose]: purpose,
    [labelNames.place]: id,
  };
}

/** Servers beside the nodes of a stack that tests were given: of all engines, or of one. */
export async function findPlaceServers(stackName: string, engine?: string): Promise<readonly FoundContainer[]> {
  const ofEngine: Labels = engine === undefined ? {} : { [labelNames.engine]: engine };
  const found = await findContainers({ [labelNames.beside]: stackName, ...ofEngine });
  return found.filter(({ labels }) => labels[labelNames.place] !== undefined);
}

/** Removes servers with all that they hold. Returns the names of their containers. */
export async function removePlaceServers(servers: readonly FoundContainer[]): Promise<readonly string[]> {
  await Promise.all(servers.map(({ id }) => removeContainer(id)));
  const gone = new Set(servers.map(({ id }) => id));
  await stopForwarding(({ id }) => gone.has(id));
  return servers.map(({ name }) => name);
}

/** A port that nothing on this machine listens on at this moment, and that is not claimed for a node. */
async function freePort(): Promise<number> {
  for (let tried = 0; tried < portCount; tried += 1) {
    const port = firstPort + randomInt(portCount);
    if (await isFreePort(port)) return port;
  }
  throw new SandboxError({
    code: 'PORT_TAKEN',
    message: `No port from ${firstPort} to ${firstPort + portCount} of the loopback address is free.`,
    next: 'Stop some of the programs that listen there: `ss -ltn` shows them.',
  });
}
