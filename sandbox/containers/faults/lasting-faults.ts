import { deadlineMs } from '../../core/deadlines.ts';
import { inspectContainer, removeContainer } from '../nodes/nodes.ts';
import { engineTimeMs } from '../runtime/docker.ts';
import { type Labels, labelNames } from '../runtime/labels.ts';
import type { FoundContainer } from '../runtime/objects.ts';
import { isOwnerAlive } from '../runtime/owner.ts';
import type { FaultKind } from './fault-kinds.ts';
import { activeFault, findFaults } from './fault-records.ts';
import { targetsOf } from './fault-targets.ts';

/** What a node is, and when its first process began and ended last, in milliseconds since 1970. */
export interface NodeNow {
  readonly running: boolean;
  readonly paused: boolean;
  readonly startedAtMs: number;
  readonly finishedAtMs: number;
}

/** When a fault was written down, and whether it was made by now. */
export interface RecordNow {
  readonly createdAtMs: number;
  readonly isMade: boolean;
}

/**
 * Whether a fault is over though nobody has healed it: its node was started, resumed or made anew since, by `up`, by
 * a drill or by hand. `node` is `undefined` where there is none.
 */
export function isOver(kind: FaultKind, { createdAtMs, isMade }: RecordNow, node: NodeNow | undefined): boolean {
  switch (kind) {
    case 'kill':
    case 'stop':
    case 'wipe':
      return node?.running === true && node.startedAtMs > createdAtMs;
    case 'pause':
      return isMade && node?.paused !== true;
    default:
      // Rules, and volumes in memory, go with the node's process.
      return node === undefined || node.startedAtMs > createdAtMs || node.finishedAtMs > createdAtMs;
  }
}

/** Records of faults of one stack that last, and of those that are over. */
export async function sortedFaults(
  stackName: string,
  labels: Labels = {},
): Promise<{ readonly lasting: readonly FoundContainer[]; readonly over: readonly FoundContainer[] }> {
  const records = await findFaults({ ...labels, [labelNames.stack]: stackName });
  if (records.length === 0) return { lasting: [], over: [] };
  const targets = await targetsOf(stackName);
  const over = await Promise.all(
    records.map(async (record) => {
      const { kind, node } = activeFault(record);
      // In this order: a pause that is made between the two looks is seen.
      const made = await recordNow(record);
      const now = await nodeNow(targets.get(node)?.containerId);
      return made !== undefined && isOver(kind, made, now);
    }),
  );
  return {
    lasting: records.filter((_, index) => over[index] !== true),
    over: records.filter((_, index) => over[index] === true),
  };
}

/** Forgets faults of a stack that are over. */
export async function forgetFaultsThatAreOver(stackName: string): Promise<void> {
  const { over } = await sortedFaults(stackName);
  await Promise.all(over.map(({ id }) => removeContainer(id)));
}

async function recordNow({ id, labels }: FoundContainer): Promise<RecordNow | undefined> {
  const found = await inspectContainer(id);
  if (found === undefined) return undefined;
  const createdAtMs = Date.parse(found.Created);
  const maker = labels[labelNames.faultMaker];
  if (activeFault({ labels }).kind !== 'pause' || maker === undefined || !isOwnerAlive(maker))
    return { createdAtMs, isMade: true };
  // Its maker pauses the node right after it has written that down.
  return { createdAtMs, isMade: (await engineTimeMs()) - createdAtMs > deadlineMs('pause') };
}

async function nodeNow(id: string | undefined): Promise<NodeNow | undefined> {
  const state = id === undefined ? undefined : (await inspectContainer(id))?.State;
  if (state === undefined) return undefined;
  const { Running, Paused, StartedAt, FinishedAt } = state;
  const startedAtMs = Date.parse(StartedAt);
  return { running: Running && !Paused, paused: Paused, startedAtMs, finishedAtMs: Date.parse(FinishedAt) };
}
