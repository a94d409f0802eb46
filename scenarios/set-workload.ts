import { setTimeout as delay } from 'node:timers/promises';
import { deadlineMs } from '../sandbox/core/deadlines.ts';
import { SandboxError } from '../sandbox/core/errors.ts';
import { fatal, poll } from '../sandbox/core/poll.ts';
import type { Failover, FailoverWriter, RunningEngine, WriteOutcome } from '../sandbox/engines/engine.ts';
import type { History } from './history.ts';

/** Writers side by side: enough that some write is always under way when the primary dies. */
const writerCount = 4;

/** Pause after a write that was not acknowledged, in milliseconds: without it an outage fills the history. */
const pauseAfterRefusalMs = 10;

/** Clients that add unique values until they are told to stop. */
export interface SetWorkload {
  /** Waits until this many further adds that began from now on were acknowledged. Returns when the first one was. */
  readonly acknowledged: (count: number) => Promise<{ readonly firstMs: number }>;
  /** Lets each writer end its write, and closes them. */
  readonly stop: () => Promise<void>;
}

/**
 * Starts the writers. Values count up from 0, each is added once at most; an add without an answer ends its process,
 * as Jepsen has it: nobody may build on what it did.
 */
export function startSetWorkload(
  failover: Pick<Failover, 'openWriter'>,
  running: RunningEngine,
  history: History,
  signal: AbortSignal,
): SetWorkload {
  let nextValue = 0;
  let nextProcess = 0;
  let stopped = false;
  const acknowledgedAdds: { readonly invokedMs: number; readonly completedMs: number }[] = [];
  const writeOnce = async (writer: FailoverWriter, process: number): Promise<WriteOutcome> => {
    const value = nextValue++;
    const invoked = history.record({ process, type: 'invoke', operation: 'add', value });
    const outcome = await answerOf(writer, value);
    const type = { ok: 'ok', failed: 'fail', unknown: 'info' } as const;
    const completed = history.record({ process, type: type[outcome], operation: 'add', value });
    if (outcome === 'ok') acknowledgedAdds.push({ invokedMs: invoked.timeMs, completedMs: completed.timeMs });
    return outcome;
  };
  const write = async (): Promise<void> => {
    while (!stopped) {
      const process = nextProcess++;
      await using writer = await failover.openWriter(running);
      for (let outcome: WriteOutcome = 'ok'; !stopped && outcome !== 'unknown'; ) {
        outcome = await writeOnce(writer, process);
        if (outcome !== 'ok') await delay(pauseAfterRefusalMs);
      }
    }
  };
  let failure: unknown;
  const writers = Array.from({ length: writerCount }, () =>
    write().catch((thrown: unknown) => {
      failure ??= thrown;
      stopped = true;
    }),
  );
  return {
    acknowledged: (count) => {
      const fromMs = history.nowMs();
      return poll(
        () => {
          if (failure !== undefined) throw fatal(failure);
          const since = acknowledgedAdds.filter(({ invokedMs }) => invokedMs >= fromMs);
          const [first] = since;
          return since.length >= count && first !== undefined ? { firstMs: first.completedMs } : undefined;
        },
        { timeoutMs: deadlineMs('topologyConverged'), signal, onTimeout: (_, elapsedMs) => noWrites(count, elapsedMs) },
      );
    },
    stop: async () => {
      stopped = true;
      await Promise.all(writers);
    },
  };
}

/** A writer that does not come back is left behind: its write is unknown. */
async function answerOf(writer: FailoverWriter, value: number): Promise<WriteOutcome> {
  const over = new AbortController();
  const limit = delay(deadlineMs('drillWrite'), 'unknown' as const, { signal: over.signal }).catch(
    () => 'unknown' as const,
  );
  try {
    return await Promise.race([writer.add(value), limit]);
  } finally {
    over.abort();
  }
}

function noWrites(count: number, elapsedMs: number): SandboxError {
  return new SandboxError({
    code: 'NODE_NOT_READY',
    message: `Fewer than ${count} writes were acknowledged within ${Math.round(elapsedMs / 1_000)} s.`,
    next: 'The history shows what became of each write.',
  });
}
