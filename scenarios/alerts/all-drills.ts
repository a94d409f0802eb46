import type { EngineWith } from '../../sandbox/engines/contract/engine.ts';
import type { SuiteContext } from '../suite-context.ts';
import { type CommandDrill, commandDrills } from './command-drills.ts';
import { type Drill, drillsOf } from './drills.ts';
import { monitoringDrills } from './monitoring-drills.ts';

/** Every drill of some engines and of the monitoring, but for that of the dead man's switch, which is none of a cause. */
export interface AllDrills {
  readonly drills: readonly Drill[];
  readonly ofCommands: readonly CommandDrill[];
  /** Takes least, and has what is about no engine. */
  readonly cheapest: EngineWith<'metrics'>;
}

/** `undefined` where there is no engine to watch. */
export async function allDrills(
  able: readonly EngineWith<'metrics'>[],
  context: SuiteContext,
  timeScale: number,
): Promise<AllDrills | undefined> {
  const [cheapest] = able.toSorted((left, right) => left.resources().memoryBytes - right.resources().memoryBytes);
  if (cheapest === undefined) return undefined;
  return {
    drills: [...able.flatMap(drillsOf), ...monitoringDrills(cheapest)],
    ofCommands: await commandDrills(cheapest, context, timeScale),
    cheapest,
  };
}

/** What stands in results as the case of a drill. */
export function caseOf({ alert, cause }: Pick<Drill, 'alert' | 'cause'>): string {
  return `${alert}: ${cause}`;
}
