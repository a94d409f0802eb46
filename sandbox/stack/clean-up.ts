import { type Labels, labelNames } from '../containers/labels.ts';
import {
  findContainers,
  findNetworks,
  findVolumes,
  type Removed,
  removeByLabels,
  removeFound,
} from '../containers/objects.ts';
import { isOwnerAlive } from '../containers/owner.ts';

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
  return removeFound(containers, volumes, networks);
}

/** Removes everything of one stack by its label. */
export async function removeStack(name: string, options: { readonly volumes: boolean }): Promise<Removed> {
  return removeByLabels({ [labelNames.stack]: name }, options);
}
