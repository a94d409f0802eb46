import type { RunningEngine } from '../../engines/contract/topology.ts';
import type { EngineName } from '../../engines/engine-names.ts';
import { askedStack } from '../resolve/asked-stack.ts';
import type { StackOptions } from '../stack-options.ts';
import { withStackLock } from '../state/stack-lock.ts';
import { stateOnDisk } from '../state/state-keeper.ts';
import { prepareStack } from './prepare-stack.ts';
import { startNodes } from './start-stack.ts';

/** Which engines of which stack are started, and how. */
export type PresentOptions = Pick<
  StackOptions,
  | 'directory'
  | 'name'
  | 'beside'
  | 'topologies'
  | 'ports'
  | 'images'
  | 'dockerInstall'
  | 'readyTimeoutMs'
  | 'progress'
  | 'signal'
> & { readonly engines: readonly EngineName[] };

/**
 * Starts nodes of a stack that stays up, on what they hold, which is nothing where they are new: no schema is applied, no
 * data loaded or checked, no client opened. Throws what `prepareStack` and `startNodes` throw.
 */
export async function startPresent(options: PresentOptions): Promise<ReadonlyMap<string, RunningEngine>> {
  const asked = askedStack({ ...options, ephemeral: false, schema: false, size: 'none' });
  const { identity, signal } = asked;
  const start = async () => {
    const prepared = await prepareStack(asked, await stateOnDisk(identity));
    const running = await startNodes(prepared);
    await prepared.cleanedUp;
    return running;
  };
  return withStackLock(identity.directory, identity.name, start, signal);
}
