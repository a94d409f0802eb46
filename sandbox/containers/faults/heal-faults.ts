import { withoutUndefined } from '../../core/without-undefined.ts';
import { removeContainer, resumeContainer, startContainer } from '../nodes/nodes.ts';
import { docker } from '../runtime/docker.ts';
import { checked } from '../runtime/exec.ts';
import { labelNames } from '../runtime/labels.ts';
import type { FoundContainer } from '../runtime/objects.ts';
import { inNamespace, onVolumes } from './fault-helper.ts';
import type { ActiveFault, FaultKind } from './fault-kinds.ts';
import { activeFault, type FaultTarget } from './fault-records.ts';
import { targetsOf, volumesOf } from './fault-targets.ts';
import { heldContainers } from './held-nodes.ts';
import { sortedFaults } from './lasting-faults.ts';

/**
 * Undoes faults by their records alone, whoever made them, and returns those that lasted. `start: false` leaves nodes that
 * are down as they are. A node that a running command holds, as for a copy of its volumes, is left alone with all its faults.
 */
export async function healFaults(options: {
  readonly stackName: string;
  readonly node?: string;
  readonly owner?: string;
  readonly start?: boolean;
}): Promise<readonly ActiveFault[]> {
  const { lasting, over } = await sortedFaults(
    options.stackName,
    withoutUndefined({ [labelNames.faultNode]: options.node, [labelNames.owner]: options.owner }),
  );
  // Of one that is over, half of a later one may be left.
  const found = [...lasting, ...over];
  if (found.length === 0) return [];
  const [targets, held] = await Promise.all([targetsOf(options.stackName), heldContainers(options.stackName)]);
  const isHeld = (record: FoundContainer) => held.has(targets.get(activeFault(record).node)?.containerId ?? '');
  const records = found.filter((record) => !isHeld(record));
  const byNode = Map.groupBy(records.map(activeFault), ({ node }) => node);
  await Promise.all(
    [...byNode].map(async ([node, faults]) => {
      const target = targets.get(node);
      if (target !== undefined) await healNode(target, new Set(faults.map(({ kind }) => kind)), options.start ?? true);
    }),
  );
  await Promise.all(records.map(({ id }) => removeContainer(id)));
  return lasting.filter((record) => !isHeld(record)).map(activeFault);
}

/** Faults that are rules in a node's network namespace. */
export const networkKinds: readonly FaultKind[] = ['isolate', 'partition', 'loss', 'latency', 'reset', 'bandwidth'];

async function healNode(target: FaultTarget, kinds: ReadonlySet<FaultKind>, start: boolean): Promise<void> {
  // Another command may be healing it too: what is done already is no failure.
  await resumeContainer(target.containerId);
  if (kinds.has('fill-disk')) checked(await onVolumes(target, await volumesOf(target), 'free'), 'freeing the disk');
  const { State } = await (await docker()).getContainer(target.containerId).inspect();
  // Rules die with the namespace of a node that has stopped.
  if (State.Running && networkKinds.some((kind) => kinds.has(kind))) await inNamespace(target, ['heal']);
  const isDown = kinds.has('kill') || kinds.has('stop') || kinds.has('wipe');
  if (!State.Running && isDown && start) await startContainer(target.containerId);
}
