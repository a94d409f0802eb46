import { type DeadlineName, deadlineMs } from '../../core/deadlines.ts';
import type { CostClass } from '../../engines/contract/quality.ts';

const nameOfCost: Readonly<Record<CostClass, DeadlineName>> = {
  constant: 'qualityConstant',
  indexed: 'qualityIndexed',
  scan: 'qualityScan',
};

/** How long a check may take whose contract names no deadline: what looks at everything takes as long as there is much. */
export function costDeadlineMs(cost: CostClass): number {
  return deadlineMs(nameOfCost[cost]);
}
