import { findFaults } from '../../containers/faults/fault-records.ts';
import { healFaults } from '../../containers/faults/heal-faults.ts';
import { startStoppedNodes } from '../../containers/nodes/stopped-for-work.ts';
import { listContainers } from '../../containers/runtime/docker.ts';
import { type Labels, labelNames } from '../../containers/runtime/labels.ts';
import {
  findContainers,
  findNetworks,
  findVolumes,
  type Removed,
  removeFound,
} from '../../containers/runtime/objects.ts';
import { isOwnerAlive } from '../../containers/runtime/owner.ts';
import { stopForwardingToGone } from '../../containers/runtime/ssh/forwarded-ports.ts';
import { removeAbandonedRestores } from '../replace/restore-stacks.ts';

/** Undoes the faults of processes that no longer run, on stacks of any folder. */
export async function healAbandoned(): Promise<void> {
  const owned = (await findFaults()).map(({ labels }) => ({
    stackName: labels[labelNames.stack] ?? '',
    owner: labels[labelNames.owner] ?? '',
  }));
  const dead = owned.filter(({ owner }) => owner !== '' && !isOwnerAlive(owner));
  for (const stackName of new Set(dead.map((fault) => fault.stackName))) {
    for (const owner of new Set(dead.map((fault) => fault.owner))) await healFaults({ stackName, owner });
  }
}

/**
 * Removes what processes that no longer run have left: throw-away stacks, helpers and halves of restores, of any folder.
 * Nodes that they had stopped for a while are started, not awaited. What cannot be removed is in nobody's way: it may be
 * that of another checkout, which must not stop this one.
 */
export async function removeAbandoned(): Promise<Removed> {
  const kinds = ['throw-away', 'helper'].map((purpose) => ({ [labelNames.purpose]: purpose }));
  const abandoned = ({ labels }: { labels: Labels }) => {
    const owner = labels[labelNames.owner];
    return owner !== undefined && !isOwnerAlive(owner);
  };
  const [containers, volumes, networks] = await Promise.all([
    Promise.all(kinds.map(findContainers)).then((found) => found.flat().filter(abandoned)),
    Promise.all(kinds.map(findVolumes)).then((found) => found.flat().filter(abandoned)),
    Promise.all(kinds.map(findNetworks)).then((found) => found.flat().filter(abandoned)),
  ]);
  const records = containers.filter(({ labels }) => labels[labelNames.stoppedNode] !== undefined);
  // Helpers hold volumes of the stacks that they work for.
  const removed = await removeFound(
    containers.filter((container) => !records.includes(container)),
    volumes,
    networks,
    { passBy: true },
  );
  await startStoppedNodes(records);
  await removeFound(records, [], []);
  const restores = await removeAbandonedRestores();
  // What is gone needs no healing.
  await healAbandoned();
  await stopForwardingToGone(async () => new Set((await listContainers({ all: true })).map(({ Id }) => Id)));
  return {
    containers: [...removed.containers, ...restores.containers],
    volumes: [...removed.volumes, ...restores.volumes],
    networks: [...removed.networks, ...restores.networks],
  };
}
