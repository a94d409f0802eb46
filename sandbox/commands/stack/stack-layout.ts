import { SandboxError } from '../../core/errors.ts';
import type { TopologyName } from '../../engines/contract/topology.ts';
import type { EngineName } from '../../engines/engine-names.ts';
import { topologiesOfData } from '../../stack/replace/laid-out.ts';
import { stackIdentity } from '../../stack/state/stack-identity.ts';
import { emptyState, enginesAsTheyWere, type LoadedDataset, readState } from '../../stack/state/stack-state.ts';
import { identityOf } from '../options/stack-options.ts';
import type { ActionContext } from '../run-action.ts';

/** What a stack goes on with as it was, whether it runs or not. */
export interface StackLayout {
  readonly engines: readonly EngineName[];
  /** Engines that it has data of, and that were left out when it was started last. */
  readonly leftOut: readonly EngineName[];
  readonly topologies: Partial<Record<EngineName, TopologyName>>;
  /** What was loaded into its engines last, for each that something was loaded into. */
  readonly datasets: readonly LoadedDataset[];
}

/**
 * Reads it from the stack's state: of the engines that are to run or, where it is down, that were (all where nobody knows).
 * Throws `STACK_NOT_RUNNING` where it was never started, or its data was removed.
 */
export async function stackLayout(context: Pick<ActionContext, 'settings'>): Promise<StackLayout> {
  const { directory, name } = stackIdentity(identityOf(context));
  const state = (await readState(directory, name)) ?? emptyState(name);
  const meant = enginesAsTheyWere(state);
  const isMeant = ([engine]: readonly [string, unknown]) => meant.includes(engine as EngineName);
  const known = Object.entries(state.engines);
  const engines = known.filter(isMeant);
  if (engines.length === 0) {
    throw new SandboxError({
      code: 'STACK_NOT_RUNNING',
      message: `There is no stack ${name} of ${directory} that could be started again.`,
      next: 'Make it: `npm run sandbox -- up`.',
    });
  }
  const names = engines.map(([engine]) => engine as EngineName);
  const topologies = Object.fromEntries(engines.map(([engine, { topology }]) => [engine, topology]));
  return {
    engines: names,
    leftOut: known.filter((each) => !isMeant(each)).map(([engine]) => engine as EngineName),
    // A change of topology that was killed may have come further than the state.
    topologies: { ...topologies, ...(await topologiesOfData({ directory, name }, names)) },
    datasets: engines.flatMap(([, { dataset }]) => dataset ?? []),
  };
}
