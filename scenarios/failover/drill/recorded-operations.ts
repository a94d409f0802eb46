import { deadlineMs } from '../../../sandbox/core/deadlines.ts';
import { within } from '../../../sandbox/core/within.ts';
import { withoutUndefined } from '../../../sandbox/core/without-undefined.ts';
import type { WriteOutcome } from '../../../sandbox/engines/contract/workloads.ts';
import type { Random } from '../../../seeds/random/random.ts';
import type { History } from '../../history.ts';
import type { Operation } from '../../workloads/operations.ts';

/** One client as the history has it. */
export interface Actor {
  readonly history: History;
  readonly process: number;
  /** A value that nobody has written. */
  readonly nextValue: () => number;
  readonly random: Random;
  /** What any client was last told of a register, by key: what a compare-and-set may expect there. */
  readonly seen: Map<number, number>;
  /** Node that is asked directly. */
  readonly node?: string;
}

/** A write that does not come back is left behind: nobody knows what becomes of it. */
export async function write(
  actor: Actor,
  operation: Operation,
  send: () => Promise<WriteOutcome>,
): Promise<WriteOutcome> {
  const { history, process } = actor;
  history.record({ ...operation, process, type: 'invoke' });
  const outcome = await inTime(send).catch(() => 'info' as const);
  history.record({ ...operation, process, type: outcome });
  return outcome;
}

/** A read without an answer changes nothing: it failed. */
export async function read(actor: Actor, operation: Operation, ask: () => Promise<Operation>): Promise<void> {
  const { history, process, node } = actor;
  const shared = { process, ...withoutUndefined({ node }) };
  history.record({ ...operation, ...shared, type: 'invoke' });
  try {
    const answered = await inTime(ask);
    history.record({ ...answered, ...shared, type: 'ok' });
  } catch (thrown) {
    history.record({ ...operation, ...shared, type: 'fail' });
    throw thrown;
  }
}

export function attemptRead(reading: () => Promise<void>): Promise<WriteOutcome> {
  return reading().then(
    () => 'ok' as const,
    () => 'fail' as const,
  );
}

async function inTime<Value>(work: () => Promise<Value>): Promise<Value> {
  return within(work(), {
    timeoutMs: deadlineMs('drillWrite'),
    onTimeout: () => new Error('there was no answer in time'),
  });
}
