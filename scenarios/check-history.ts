import { SandboxError } from '../sandbox/core/errors.ts';
import type { ClientEvent, HistoryEvent } from './history.ts';
import { askedOf } from './workloads/operations.ts';

/** Problems that an error shows. */
const shownMax = 10;

/**
 * Refuses a history that cannot have happened: no checker's verdict on it would mean anything. Events are numbered
 * from 0, the clock never goes back, a process has one operation open at most and ends the one that it began, and a
 * process whose operation ended in `info` never acts again. Operations that are open at the end are allowed.
 * @throws SandboxError `HISTORY_INVALID` with the first ten problems
 */
export function checkHistory(events: readonly HistoryEvent[]): void {
  const problems: string[] = [];
  const open = new Map<number, ClientEvent>();
  const retired = new Set<number>();
  let lastMs = 0;
  for (const [position, event] of events.entries()) {
    const problem = orderProblemOf(event, position, lastMs) ?? processProblemOf(event, open, retired);
    if (problem !== undefined && problems.push(`event ${position}: ${problem}`) >= shownMax) break;
    lastMs = Math.max(lastMs, event.timeMs);
  }
  if (problems.length === 0) return;
  throw new SandboxError({
    code: 'HISTORY_INVALID',
    message: `The history cannot have happened: ${problems[0]}.`,
    next: 'The recording is at fault, not the store: mend the workload, or take the file as the run wrote it.',
    evidence: problems.join('\n'),
  });
}

function orderProblemOf(event: HistoryEvent, position: number, lastMs: number): string | undefined {
  if (event.index !== position) return `its index is ${event.index}`;
  return event.timeMs < lastMs ? `its clock is at ${event.timeMs} ms, after ${lastMs} ms` : undefined;
}

function processProblemOf(
  event: HistoryEvent,
  open: Map<number, ClientEvent>,
  retired: Set<number>,
): string | undefined {
  if (event.process === 'nemesis' || event.process === 'observer') return undefined;
  const { process, type, operation } = event;
  if (retired.has(process)) return `process ${process} acts again, though nobody knows how its last operation ended`;
  const begun = open.get(process);
  if (type === 'invoke') {
    open.set(process, event);
    return begun && `process ${process} begins ${operation} while its ${begun.operation} is open`;
  }
  open.delete(process);
  if (type === 'info') retired.add(process);
  if (begun === undefined) return `process ${process} ends ${operation}, which it never began`;
  if (askedOf(begun) !== askedOf(event)) return `process ${process} began ${askedOf(begun)} and ends ${askedOf(event)}`;
  return undefined;
}
