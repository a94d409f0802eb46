import type { Engine } from '../../sandbox/engines/engine.ts';
import type { Failover, FailoverContract } from '../../sandbox/engines/failover.ts';
import type { WorkloadName } from '../../sandbox/engines/workloads.ts';
import type { Depth } from '../suite-context.ts';
import {
  crash,
  isolatePrimary,
  killPrimary,
  pausePrimary,
  positiveControl,
  replacePrimary,
  restartAll,
  rollingRestart,
  type Schedule,
  tenInARow,
} from './schedules.ts';

/** A topology, what it promises, what is done to it, and what clients do meanwhile. */
export interface FailoverCase {
  readonly contract: FailoverContract;
  readonly schedule: Schedule;
  readonly workload: WorkloadName;
  readonly isControl: boolean;
}

const ofSeveral = [
  killPrimary,
  pausePrimary,
  isolatePrimary,
  rollingRestart,
  restartAll,
  replacePrimary,
  tenInARow,
] as const;

/** Order and atomicity are judged where nothing may be lost: elsewhere a loss would break them by right. */
const ordered = ['append', 'register', 'bank'] as const;

/**
 * What is run on an engine. `quick`: its first contract of each topology of several nodes with one kill, and one
 * control. `full`: every schedule, every contract, a control for each topology, and the workloads that show order.
 */
export function casesOf(engine: Engine, failover: Failover, depth: Depth): readonly FailoverCase[] {
  const byTopology = [...Map.groupBy(failover.contracts, ({ topology }) => topology).values()];
  const cases = byTopology.flatMap(([first, ...others]) =>
    first === undefined ? [] : casesOfTopology(failover, first, others, depth),
  );
  return cases.filter(({ workload }) => engine.workloads[workload] !== undefined);
}

function casesOfTopology(
  failover: Failover,
  first: FailoverContract,
  others: readonly FailoverContract[],
  depth: Depth,
): readonly FailoverCase[] {
  const isSingle = first.topology === 'standalone';
  const onSet = (contract: FailoverContract, schedule: Schedule) => ({
    contract,
    schedule,
    workload: 'set' as const,
    isControl: schedule === positiveControl,
  });
  // A single PostgreSQL has no setting that drills could take away; its control is the one of its several nodes.
  const hasControl = failover.weaken !== undefined && (!isSingle || failover.promote === undefined);
  const controls = hasControl ? [onSet(first, positiveControl)] : [];
  if (depth === 'quick') {
    // The cheapest control: one node is killed.
    return isSingle ? controls : [onSet(first, killPrimary)];
  }
  const schedules = isSingle ? [crash] : ofSeveral;
  const orders = first.lossWindowMs > 0 ? [] : ordered;
  return [
    ...schedules.map((schedule) => onSet(first, schedule)),
    ...others.flatMap((contract) => [onSet(contract, killPrimary), onSet(contract, isolatePrimary)]),
    ...orders.map((workload) => ({
      contract: first,
      schedule: isSingle ? crash : killPrimary,
      workload,
      isControl: false,
    })),
    ...controls,
  ];
}
