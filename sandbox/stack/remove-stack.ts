import { labelNames } from '../containers/labels.ts';
import { type Removed, removeByLabels } from '../containers/objects.ts';
import { stopForwarding } from '../containers/ssh/forwarded-ports.ts';

/** Removes everything of one stack by its label. */
export async function removeStack(name: string, options: { readonly volumes: boolean }): Promise<Removed> {
  const removed = await removeByLabels({ [labelNames.stack]: name }, options);
  // Those too whose containers somebody has removed by hand.
  await stopForwarding(({ stack }) => stack === name);
  return removed;
}
