import { withoutUndefined } from '../../sandbox/core/without-undefined.ts';
import type { DrillName, Failover, FailoverContract } from '../../sandbox/engines/contract/failover.ts';
import type { WorkloadName } from '../../sandbox/engines/contract/workloads.ts';
import type { Depth } from '../suite-context.ts';
import { workloadKinds } from '../workloads/workload-kinds.ts';
import { positiveControl } from './judge/positive-control.ts';
import { isolatePrimary, killPrimary, pausePrimary, replacePrimary, tenInARow } from './schedules/primary-schedules.ts';
import { crash, killFollower, restartAll, rollingRestart } from './schedules/restart-schedules.ts';
import type { FaultSchedule } from './schedules/schedule.ts';

/** A topology, what it promises, what is done to it, and what clients do meanwhile. */
export interface FailoverCase {
  readonly contract: FailoverContract;
  readonly schedule: FaultSchedule;
  readonly workload: WorkloadName;
  readonly isControl: boolean;
  /** Why it cannot be drilled here. Absent: it can. */
  readonly notRun?: string;
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
const ordered = Object.entries(workloadKinds).flatMap(([name, { showsOrder }]) =>
  showsOrder ? [name as WorkloadName] : [],
);

/**
 * What is run on an engine. `quick`: its first contract of each topology of several nodes with one kill, and one
 * control. `full`: every schedule, every contract, a control for each topology, and the workloads that show order.
 */
export function casesOf(failover: Failover, depth: Depth): readonly FailoverCase[] {
  const byTopology = [...Map.groupBy(failover.contracts, ({ topology }) => topology).values()];
  const cases = byTopology.flatMap(([first, ...others]) =>
    first === undefined ? [] : casesOfTopology(failover, first, others, depth),
  );
  return cases.filter(({ workload }) => failover.workloads[workload] !== undefined);
}

function casesOfTopology(
  failover: Failover,
  first: FailoverContract,
  others: readonly FailoverContract[],
  depth: Depth,
): readonly FailoverCase[] {
  const isSingle = first.topology === 'standalone';
  const onSet = (contract: FailoverContract, schedule: FaultSchedule) => ({
    contract,
    schedule,
    workload: 'set' as const,
    isControl: schedule === positiveControl,
  });
  const reasonOf = ({ name }: FaultSchedule) => {
    const reason = failover.notDrilled?.[first.topology]?.[name as DrillName];
    return withoutUndefined({ notRun: reason });
  };
  // A single PostgreSQL has no setting that drills could take away; its control is the one of its several nodes.
  const canWeaken = failover.weaken !== undefined || failover.weakenedSet !== undefined;
  const hasControl = canWeaken && (!isSingle || failover.promote === undefined);
  const controls = hasControl ? [onSet(first, positiveControl)] : [];
  if (depth === 'quick') {
    // The cheapest control: one node is killed.
    if (isSingle) return controls;
    return first.sinceRefresh === true ? [] : [onSet(first, killPrimary)];
  }
  return [
    ...(isSingle ? [onSet(first, crash)] : ofSeveral.map((drill) => ({ ...onSet(first, drill), ...reasonOf(drill) }))),
    ...others.flatMap((contract) => [onSet(contract, killPrimary), onSet(contract, isolatePrimary)]),
    ...ordersOf(first),
    ...controls,
  ];
}

function ordersOf(contract: FailoverContract): readonly FailoverCase[] {
  const isSingle = contract.topology === 'standalone';
  if (contract.lossWindowMs === 0) {
    const schedule = isSingle ? crash : killPrimary;
    return ordered.map((workload) => ({ contract, schedule, workload, isControl: false }));
  }
  if (isSingle || contract.sinceRefresh === true) return [];
  const whileItLives: FailoverContract = {
    topology: contract.topology,
    name: 'the primary stays',
    promise: 'nothing is lost or out of order while the primary lives, whatever becomes of a follower',
    lossWindowMs: 0,
  };
  return [{ contract: whileItLives, schedule: killFollower, workload: 'register', isControl: false }];
}
