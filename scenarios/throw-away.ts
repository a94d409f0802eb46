import { withoutUndefined } from '../sandbox/core/without-undefined.ts';
import type { Engine } from '../sandbox/engines/contract/engine.ts';
import type { RunningEngine, TopologyName } from '../sandbox/engines/contract/topology.ts';
import { createStack } from '../sandbox/stack/create-stack.ts';
import { prefixed, type SuiteContext } from './suite-context.ts';

/** An engine on a stack of its own, which goes with its data when it is disposed of. */
export interface ThrowAway extends AsyncDisposable {
  readonly running: RunningEngine;
}

export interface ThrowAwayOptions {
  /** Default: `none`. */
  readonly size?: SuiteContext['size'] | 'none';
  /** Default: where there is data. */
  readonly schema?: boolean;
  /** Default: `standalone`. */
  readonly topology?: TopologyName;
  /** Default: the present one. */
  readonly version?: 'earlier';
  /** Size in bytes of its volumes, which are in memory then. */
  readonly dataSizeBytes?: number;
}

/** Starts one engine; `what` says in the progress what for. */
export async function startThrowAway(
  engine: Engine,
  what: string,
  context: SuiteContext,
  { size = 'none', schema = size !== 'none', topology = 'standalone', version, dataSizeBytes }: ThrowAwayOptions = {},
): Promise<ThrowAway> {
  const name = engine.name;
  const stack = await createStack({
    ...context.stackOptions,
    engines: [name],
    topologies: { [name]: topology },
    size,
    schema,
    seed: context.seed,
    connect: false,
    progress: prefixed(context.progress, ['scenarios', what, name]),
    ...(version === undefined ? {} : { earlierVersions: [name] }),
    ...withoutUndefined({ dataSizeBytes }),
  });
  return { running: stack.engines[name], [Symbol.asyncDispose]: () => stack.dispose() };
}
