import type { Engine } from '../../sandbox/engines/contract/engine.ts';
import type { Failover } from '../../sandbox/engines/contract/failover.ts';
import type { RunningEngine, TopologyName } from '../../sandbox/engines/contract/topology.ts';
import { createStack, type Stack } from '../../sandbox/stack/create-stack.ts';
import type { CaseResult } from '../results.ts';
import { prefixed, type SuiteContext } from '../suite-context.ts';
import type { Turns } from './drill/take-turns.ts';
import { subjectOf } from './subject.ts';

/** A throw-away topology that the next case gets only if it is proved whole. */
export interface ReusedTopology extends AsyncDisposable {
  /**
   * Runs a case on the topology, which is started first where there is none. It is kept for the next one if the case
   * passed, no fault is left, every node answers and all follow as they should; otherwise it is put away.
   */
  readonly use: (
    topology: TopologyName,
    run: (stack: Stack, running: RunningEngine) => Promise<CaseResult>,
  ) => Promise<CaseResult>;
}

/** Starts and stops take turns too: they keep processors busy that a case may be measuring on. */
export function createReusedTopology(
  engine: Engine,
  failover: Failover,
  { context, turns }: { readonly context: SuiteContext; readonly turns: Turns },
): ReusedTopology {
  let kept: { readonly topology: TopologyName; readonly stack: Stack } | undefined;
  const name = engine.name;
  const putAway = async (): Promise<void> => {
    const old = kept?.stack;
    kept = undefined;
    if (old !== undefined) await turns.take(false, () => old.dispose());
  };
  const stackOf = async (topology: TopologyName): Promise<Stack> => {
    if (kept?.topology === topology) return kept.stack;
    await putAway();
    const stack = await turns.take(false, () =>
      createStack({
        ...context.stackOptions,
        engines: [name],
        topologies: { [name]: topology },
        // The drill watches and promotes itself.
        failover: false,
        size: 'none',
        connect: false,
        progress: prefixed(context.progress, ['scenarios', 'failover', name, topology]),
      }),
    );
    kept = { topology, stack };
    return stack;
  };
  return {
    use: async (topology, run) => {
      const stack = await stackOf(topology);
      const running = stack.engines[name];
      let isWhole = false;
      try {
        const result = await run(stack, running);
        isWhole = result.verdict === 'pass' && (await hasHealed(engine, failover, stack, running));
        return result;
      } finally {
        if (!isWhole) await putAway();
      }
    },
    [Symbol.asyncDispose]: putAway,
  };
}

async function hasHealed(engine: Engine, failover: Failover, { faults }: Stack, running: RunningEngine) {
  if ((await faults.active()).length > 0) return false;
  return subjectOf(engine, failover, running, faults)
    .settle()
    .then(
      () => true,
      () => false,
    );
}
