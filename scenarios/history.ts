import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * One thing that happened in a drill. `invoke` begins an operation; `ok`, `fail` or `info` ends it: done, certainly
 * not done, or nobody knows. An `info` of the process `nemesis` is a fault or its end.
 */
export interface HistoryEvent {
  readonly index: number;
  /** Monotonic, since the history began. */
  readonly timeMs: number;
  /** A process whose operation ended in `info` never acts again: its operation may still take effect. */
  readonly process: number | 'nemesis';
  /** Node that was read, or that a fault hit. */
  readonly node?: string;
  readonly type: 'invoke' | 'ok' | 'fail' | 'info';
  readonly operation: 'add' | 'read' | 'kill' | 'promote';
  /** The value added, or all values that were read. */
  readonly value?: number | readonly number[];
}

export type HistoryEntry = Omit<HistoryEvent, 'index' | 'timeMs'>;

/** What happened, in order. */
export interface History {
  readonly events: readonly HistoryEvent[];
  readonly record: (entry: HistoryEntry) => HistoryEvent;
  /** Milliseconds since the history began. */
  readonly nowMs: () => number;
}

export function createHistory(): History {
  const beganMs = performance.now();
  const events: HistoryEvent[] = [];
  // Microseconds: what the clock of the process resolves.
  const nowMs = () => Math.round((performance.now() - beganMs) * 1_000) / 1_000;
  return {
    events,
    nowMs,
    record: (entry) => {
      const event = { index: events.length, timeMs: nowMs(), ...entry };
      events.push(event);
      return event;
    },
  };
}

/** Writes a history as JSON lines, one event each. */
export async function writeHistory(file: string, events: readonly HistoryEvent[]): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, events.map((event) => `${JSON.stringify(event)}\n`).join(''));
}
