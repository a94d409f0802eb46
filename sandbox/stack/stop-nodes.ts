import { labelNames } from '../containers/labels.ts';
import { stopContainer } from '../containers/nodes.ts';
import type { FoundContainer } from '../containers/objects.ts';

/** Stops nodes in an orderly way. Watchers go first: they would take the stop of a primary for its loss. */
export async function stopNodes(containers: readonly FoundContainer[]): Promise<void> {
  const running = containers.filter((container) => container.running);
  const isWatcher = ({ labels }: FoundContainer) => labels[labelNames.role] === 'watcher';
  await Promise.all(running.filter(isWatcher).map(({ id }) => stopContainer(id)));
  await Promise.all(running.filter((each) => !isWatcher(each)).map(({ id }) => stopContainer(id)));
}
