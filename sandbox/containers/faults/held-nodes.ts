import { type Labels, labelNames } from '../runtime/labels.ts';
import { findContainers } from '../runtime/objects.ts';
import { isOwnerAlive } from '../runtime/owner.ts';
import { targetsOf } from './fault-targets.ts';

/**
 * Ids of the containers of a stack that a command which still runs keeps paused or stopped for work of its own, such as a copy
 * of their volumes: that is no fault of anybody, and ends with the work alone.
 */
export async function heldContainers(stackName: string): Promise<ReadonlySet<string>> {
  const found = await findContainers({ [labelNames.stack]: stackName });
  return new Set(found.flatMap(({ labels }) => heldBy(labels)));
}

/** Names of the nodes that are {@link heldContainers}. */
export async function heldNodes(stackName: string): Promise<readonly string[]> {
  const [targets, held] = await Promise.all([targetsOf(stackName), heldContainers(stackName)]);
  return [...targets.values()].filter(({ containerId }) => held.has(containerId)).map(({ node }) => node);
}

/** What the record with these labels says is held. Whoever held it and is dead holds nothing. */
function heldBy(labels: Labels): readonly string[] {
  const owner = labels[labelNames.owner];
  if (owner === undefined || !isOwnerAlive(owner)) return [];
  return [labelNames.pausedNode, labelNames.stoppedNode].flatMap((name) => labels[name] ?? []);
}
