import { startedAtMs } from '../../containers/nodes/nodes.ts';
import { sha256Of } from '../../core/sha256-of.ts';
import type { StackIdentity } from '../../stack/state/stack-identity.ts';
import { readState } from '../../stack/state/stack-state.ts';

/**
 * What a stack is at this moment, as a hash: another one after it was started again, made anew, or loaded with other data. What
 * stores are made from is of one such moment.
 */
export async function stackMoment({ directory, name }: StackIdentity): Promise<string> {
  const state = await readState(directory, name);
  if (state === undefined) return 'none';
  const nodes = Object.values(state.engines).flatMap((engine) => engine?.nodes ?? []);
  const started = await Promise.all(nodes.map(({ containerId }) => startedAtMs(containerId)));
  return sha256Of(JSON.stringify({ state, started }));
}
