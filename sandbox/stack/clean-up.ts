import { findFaults } from '../containers/fault-records.ts';
import { healFaults } from '../containers/heal-faults.ts';
import { type Labels, labelNames } from '../containers/labels.ts';
import { statusOf } from '../containers/nodes.ts';
import {
  findContainers,
  findNetworks,
  findVolumes,
  type Removed,
  removeByLabels,
  removeFound,
  removeNetwork,
} from '../containers/objects.ts';
import { isOwnerAlive } from '../containers/owner.ts';

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

/** Removes what processes that no longer run have left: throw-away stacks and helpers, of any folder. */
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
  const removed = await removeFound(containers, volumes, []);
  const gone = await Promise.all(networks.map(({ name }) => removeUnlessUsed(name)));
  // What is gone needs no healing.
  await healAbandoned();
  return { ...removed, networks: gone.flat() };
}

/** Somebody else's network that is still in use, or that Docker holds so, stops nobody: the next command tries again. */
async function removeUnlessUsed(name: string): Promise<readonly string[]> {
  try {
    await removeNetwork(name);
    return [name];
  } catch (thrown) {
    // "Network has active endpoints" (Docker Engine API, "Remove a network").
    if (statusOf(thrown) !== 403) throw thrown;
    return [];
  }
}

/** Removes everything of one stack by its label. */
export async function removeStack(name: string, options: { readonly volumes: boolean }): Promise<Removed> {
  return removeByLabels({ [labelNames.stack]: name }, options);
}
