import { stopContainer } from '../../containers/nodes/nodes.ts';
import { labelNames } from '../../containers/runtime/labels.ts';
import type { FoundContainer } from '../../containers/runtime/objects.ts';

/** Stops nodes in an orderly way. Watchers go first: they would take the stop of a primary for its loss. */
export async function stopNodes(containers: readonly FoundContainer[]): Promise<void> {
  const up = containers.filter(({ running, paused }) => running || paused);
  const isWatcher = ({ labels }: FoundContainer) => labels[labelNames.role] === 'watcher';
  await Promise.all(up.filter(isWatcher).map(({ id }) => stopContainer(id)));
  await Promise.all(up.filter((each) => !isWatcher(each)).map(({ id }) => stopContainer(id)));
}
