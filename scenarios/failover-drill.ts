import { deadlineMs } from '../sandbox/core/deadlines.ts';
import { poll } from '../sandbox/core/poll.ts';
import type { Failover, RunningEngine } from '../sandbox/engines/engine.ts';
import { checkSet, type SetFindings } from './checkers/set-checker.ts';
import { createHistory, type History } from './history.ts';
import { startSetWorkload } from './set-workload.ts';

/** Writes acknowledged before the primary is killed, and after another one took over. */
const acknowledgedBefore = 200;
const acknowledgedAfter = 100;

/** What came of a drill. */
export interface DrillOutcome {
  readonly findings: SetFindings;
  readonly killed: string;
  readonly promoted: string;
  /** From the kill to the first acknowledgement of a write that began after it, in milliseconds. */
  readonly recoveryMs: number;
  /** Of that, what the promotion took. */
  readonly promotionMs: number;
  /** Members that were read at the end. */
  readonly survivors: readonly string[];
}

export interface DrillOptions {
  readonly running: RunningEngine;
  readonly failover: Omit<Failover, 'topology' | 'promise'>;
  /** Names of the nodes that run now. */
  readonly survivorsOf: (running: RunningEngine) => Promise<readonly string[]>;
  readonly history?: History;
  readonly signal: AbortSignal;
}

/**
 * Kills the primary while clients write, promotes, goes on writing, and reads each surviving member directly.
 * The history holds everything that happened, whether the drill comes to an end or throws.
 */
export async function drillFailover(options: DrillOptions): Promise<DrillOutcome> {
  const { running, failover, signal, history = createHistory() } = options;
  await failover.prepare(running);
  const workload = startSetWorkload(failover, running, history, signal);
  try {
    await workload.acknowledged(acknowledgedBefore);
    history.record({ process: 'nemesis', type: 'invoke', operation: 'kill' });
    const killed = await failover.killPrimary(running);
    const killedMs = history.record({ process: 'nemesis', type: 'info', operation: 'kill', node: killed }).timeMs;
    const recovered = workload.acknowledged(acknowledgedAfter);
    // It is awaited below; until then its failure is nobody's.
    recovered.catch(() => {});
    history.record({ process: 'nemesis', type: 'invoke', operation: 'promote' });
    const promoted = await failover.promote(running);
    const event = history.record({ process: 'nemesis', type: 'info', operation: 'promote', node: promoted });
    const { firstMs } = await recovered;
    await workload.stop();
    const survivors = await options.survivorsOf(running);
    await readSurvivors(options, history, survivors);
    return {
      findings: checkSet(history.events),
      killed,
      promoted,
      recoveryMs: Math.round(firstMs - killedMs),
      promotionMs: Math.round(event.timeMs - killedMs),
      survivors,
    };
  } finally {
    await workload.stop();
  }
}

/** Reads until every member shows all that is acknowledged, or for as long as members may take to agree. */
async function readSurvivors(options: DrillOptions, history: History, survivors: readonly string[]): Promise<void> {
  const startedMs = performance.now();
  const limitMs = deadlineMs('drillConverged');
  await poll(
    async () => {
      const reads = survivors.map((node, index) => readMember(options, history, node, index));
      for (const read of await Promise.allSettled(reads)) if (read.status === 'rejected') throw read.reason;
      const { lost, neverRead } = checkSet(history.events);
      return (lost.length === 0 && neverRead.length === 0) || performance.now() - startedMs > limitMs;
    },
    {
      timeoutMs: limitMs + deadlineMs('statement'),
      signal: options.signal,
      onTimeout: (last) => (last instanceof Error ? last : new Error('The surviving members could not be read.')),
    },
  );
}

async function readMember(options: DrillOptions, history: History, node: string, reader: number): Promise<void> {
  // Readers count down from -1, so that no writer has the name of one.
  const process = -1 - reader;
  history.record({ process, type: 'invoke', operation: 'read', node });
  try {
    const value = await options.failover.readAll(options.running, node);
    history.record({ process, type: 'ok', operation: 'read', node, value });
  } catch (thrown) {
    history.record({ process, type: 'fail', operation: 'read', node });
    throw thrown;
  }
}
