import { randomUUID } from 'node:crypto';
import { docker } from '../runtime/docker.ts';
import { labelNames } from '../runtime/labels.ts';
import { ownerOfThisProcess } from '../runtime/owner.ts';
import type { NodeHandle } from './node-spec.ts';
import { removeContainer, startContainer, startNodeAgain, stopNode, unlessMissing } from './nodes.ts';

/**
 * Stops a node, runs `work`, and starts the node again whatever happens. A record says so before, as a container that
 * never runs: where this process is killed, whoever removes what it has left starts the node.
 */
export async function whileNodeIsStopped(node: NodeHandle, work: () => Promise<void>): Promise<void> {
  const client = await docker();
  const { Config } = await client.getContainer(node.containerId).inspect();
  const { id } = await client.createContainer({
    name: `${node.containerName}-stopped-${randomUUID().slice(0, 8)}`,
    Image: node.image,
    Cmd: ['true'],
    Labels: {
      [labelNames.stack]: Config.Labels?.[labelNames.stack] ?? '',
      [labelNames.purpose]: 'helper',
      [labelNames.owner]: ownerOfThisProcess(),
      [labelNames.stoppedNode]: node.containerId,
    },
    HostConfig: { NetworkMode: 'none' },
  });
  try {
    await stopNode(node);
    await work();
  } finally {
    await startNodeAgain(node);
    await removeContainer(id);
  }
}

/** Starts the nodes that these records say were stopped for work that nobody does any more. */
export async function startStoppedNodes(records: readonly { readonly labels: Readonly<Record<string, string>> }[]) {
  await Promise.all(
    records.map(async ({ labels }) => {
      const id = labels[labelNames.stoppedNode];
      if (id !== undefined) await unlessMissing(() => startContainer(id));
    }),
  );
}
