import type { ResolvedImage } from '../containers/images/image-spec.ts';
import { nodeHandle } from '../containers/nodes/node-handle.ts';
import type { NodeHandle, NodePlacement, NodeSpec } from '../containers/nodes/node-spec.ts';
import { removeContainer } from '../containers/nodes/nodes.ts';
import { startNode } from '../containers/nodes/start-node.ts';
import { type Labels, labelNames } from '../containers/runtime/labels.ts';
import { type FoundContainer, findContainers, publishedOf } from '../containers/runtime/objects.ts';
import { requireForwarded } from '../containers/runtime/ssh/forwarded-ports.ts';
import { allSettled } from '../core/run-concurrently.ts';
import { sha256Of } from '../core/sha256-of.ts';
import { monitoringContainers } from '../stack/remove/monitoring-containers.ts';

/** A container of the monitoring of a stack, as it is wanted. */
export interface Part {
  readonly spec: NodeSpec;
  readonly image: ResolvedImage;
  /** Container port to port on the loopback address. */
  readonly hostPorts: Readonly<Record<number, number>>;
}

/** Memory that each may take, in bytes: what runs away ends before the machine does. */
const memoryLimitBytes = 512 * 2 ** 20;

/**
 * Starts what is missing or different now, beside one of the stack's nodes, removes what is not wanted any more, and runs
 * `work` with the containers of all that is wanted. Where that fails, what was started is removed.
 */
export async function withParts(
  beside: NodeHandle,
  wanted: readonly Part[],
  work: (containerOf: (part: Part) => NodeHandle) => Promise<void>,
): Promise<void> {
  const stackName = beside.network;
  const [found, labels] = await Promise.all([monitoringContainers(stackName), labelsBeside(beside)]);
  const isWanted = ({ name, running, labels: own }: FoundContainer) =>
    running &&
    wanted.some((part) => containerNameOf(stackName, part) === name && hashOf(part) === own[labelNames.contentHash]);
  const kept = found.filter(isWanted);
  await Promise.all(found.filter((each) => !kept.includes(each)).map(({ id }) => removeContainer(id)));
  const containers = new Map<Part, NodeHandle>();
  const started: NodeHandle[] = [];
  const ensure = async (part: Part) => {
    const placement = placementOf(stackName, part, labels);
    const there = kept.find(({ name }) => name === placement.containerName);
    const container =
      there === undefined ? await startNode(part.spec, placement) : nodeHandle(part.spec, placement, there.id);
    if (there === undefined) started.push(container);
    containers.set(part, container);
  };
  try {
    await allSettled([requireForwarded(publishedOf(kept)), ...wanted.map(ensure)]);
    await work((part) => containers.get(part) as NodeHandle);
  } catch (thrown) {
    await Promise.all(started.map(({ containerId }) => removeContainer(containerId)));
    throw thrown;
  }
}

function placementOf(stackName: string, part: Part, labels: Labels): NodePlacement {
  return {
    // A stack's name of its own, which no stack can have: nothing that looks at a stack takes it for one of its nodes.
    stackName: `${stackName}.monitoring`,
    engine: 'monitoring',
    image: part.image.reference,
    network: stackName,
    hostPorts: part.hostPorts,
    containerName: containerNameOf(stackName, part),
    volumeNames: {},
    memoryLimitBytes,
    labels: { ...labels, [labelNames.contentHash]: hashOf(part) },
  };
}

function containerNameOf(stackName: string, { spec }: Part): string {
  return `${stackName}-${spec.name}`;
}

function hashOf({ spec, image, hostPorts }: Part): string {
  return sha256Of(JSON.stringify([spec, image.digest, hostPorts]));
}

/**
 * Where the stack is a throw-away one, its monitoring goes with it when its process has died. That of a restore has an owner
 * too, and stays when that one has ended.
 */
async function labelsBeside(beside: NodeHandle): Promise<Labels> {
  const nodes = await findContainers({ [labelNames.stack]: beside.network });
  const found = nodes.find(({ id }) => id === beside.containerId)?.labels ?? {};
  const owner = found[labelNames.purpose] === 'throw-away' ? found[labelNames.owner] : undefined;
  return {
    [labelNames.beside]: beside.network,
    [labelNames.monitoring]: 'true',
    ...(owner === undefined
      ? { [labelNames.purpose]: 'monitoring' }
      : { [labelNames.purpose]: 'throw-away', [labelNames.owner]: owner }),
  };
}
