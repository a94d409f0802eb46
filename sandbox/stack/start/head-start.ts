import pLimit, { type LimitFunction } from 'p-limit';
import type { NodeHandle } from '../../containers/nodes/node-spec.ts';
import { setCpuShares } from '../../containers/nodes/nodes.ts';
import type { Engine } from '../../engines/contract/engine.ts';

/** Docker's weight of a container that says nothing (its documentation, "CPU share constraint"). */
const cpuSharesDefault = 1_024;

/** Eight others together: on two cores, five engines were ready 0.4 s sooner with it than without (7.4 s, 7.8 s). */
const cpuSharesOfLargest = 8 * cpuSharesDefault;

/**
 * How several engines begin on few processors. The largest takes longest, and decides when all are ready: it goes
 * first, and the others have what it leaves.
 */
export interface HeadStart {
  /** In the order in which they begin. */
  readonly inOrder: <Each extends { readonly engine: Engine }>(engines: readonly Each[]) => readonly Each[];
  /** Containers are created one after the other: side by side, the first would wait for all the others. */
  readonly inTurn: LimitFunction;
  /** Weight of an engine's containers until its schema is there. */
  readonly cpuShares: (engine: Engine) => number;
  /** Ends it for the containers of one engine. */
  readonly end: (engine: Engine, nodes: readonly NodeHandle[]) => Promise<void>;
}

export function headStart(engines: readonly Engine[]): HeadStart {
  const [largest] = engines.toSorted(bySize);
  const cpuShares = (engine: Engine) =>
    engine === largest && engines.length > 1 ? cpuSharesOfLargest : cpuSharesDefault;
  return {
    inOrder: (each) => each.toSorted((left, right) => bySize(left.engine, right.engine)),
    inTurn: pLimit(1),
    cpuShares,
    end: async (engine, nodes) => {
      if (cpuShares(engine) === cpuSharesDefault) return;
      await Promise.all(nodes.map((node) => setCpuShares(node, cpuSharesDefault)));
    },
  };
}

function bySize(left: Engine, right: Engine): number {
  return right.resources().memoryBytes - left.resources().memoryBytes;
}
