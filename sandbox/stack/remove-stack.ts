import { labelNames } from '../containers/labels.ts';
import { type Removed, removeByLabels } from '../containers/objects.ts';

/** Removes everything of one stack by its label. */
export async function removeStack(name: string, options: { readonly volumes: boolean }): Promise<Removed> {
  return removeByLabels({ [labelNames.stack]: name }, options);
}
