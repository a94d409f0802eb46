import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeFolder } from '../sandbox/core/files/make-folder.ts';
import { privateMode } from '../sandbox/core/files/private-files.ts';
import type { WriteOutcome } from '../sandbox/engines/contract/workloads.ts';
import type { Operation } from './workloads/operations.ts';

export type ClientEntry = Operation & {
  /** A process whose operation ended in `info` never acts again: its operation may still take effect. */
  readonly process: number;
  /** `invoke` begins an operation; `ok`, `fail` or `info` ends it: done, certainly not done, or nobody knows. */
  readonly type: 'invoke' | WriteOutcome;
  /** Node that was asked directly. */
  readonly node?: string;
  /** Why it ended in `fail` or `info`, in the engine's words. */
  readonly reason?: string;
};

/** A fault, its end, or another thing done to the nodes: `invoke` when it is begun, `info` when it has taken effect. */
interface NemesisEntry {
  readonly process: 'nemesis';
  readonly type: 'invoke' | 'info';
  /** Name of the fault or of what ends one: `kill`, `promote`, `isolate`, `heal`. */
  readonly operation: string;
  /** Node that it hits. Absent: it hits more than one. */
  readonly node?: string;
  /**
   * When it had taken effect, since the history began: before the entry, where the container engine needed longer to
   * say so. Absent: with the entry.
   */
  readonly tookEffectMs?: number;
  /** Names of the faults that this one ends: on its node, or on every node if it names none. */
  readonly ends?: readonly string[];
}

/**
 * What was seen of the nodes: that one has a role from now on, that a fault was noticed or one that was none (`detect`,
 * `false-alarm`), or that a node committed a write that was asked for directly, with the bare driver (`writable`).
 */
type ObserverEntry =
  | {
      readonly process: 'observer';
      readonly type: 'info';
      readonly operation: 'role';
      readonly node: string;
      /** `primary`, `replica`, `down`, or the engine's own word. */
      readonly role: string;
    }
  | {
      readonly process: 'observer';
      readonly type: 'info';
      readonly operation: 'detect' | 'false-alarm' | 'writable';
      readonly node?: string;
    };

export type HistoryEntry = ClientEntry | NemesisEntry | ObserverEntry;

/** When what an event tells of had taken effect, since the history began. */
export function effectMsOf(event: HistoryEvent): number {
  return event.process === 'nemesis' ? (event.tookEffectMs ?? event.timeMs) : event.timeMs;
}

interface Stamp {
  /** Position in the history: what comes before what is told by this, not by the clock. */
  readonly index: number;
  /** Monotonic, since the history began. */
  readonly timeMs: number;
}

export type ClientEvent = ClientEntry & Stamp;
export type NemesisEvent = NemesisEntry & Stamp;
type ObserverEvent = ObserverEntry & Stamp;

/** One thing that happened in a run. */
export type HistoryEvent = ClientEvent | NemesisEvent | ObserverEvent;

/** What happened, in order. */
export interface History {
  readonly events: readonly HistoryEvent[];
  readonly record: (entry: HistoryEntry) => HistoryEvent;
  /** Milliseconds since the history began. */
  readonly nowMs: () => number;
}

/** A history in memory. `onEvent` sees each event before `record` returns. */
export function createHistory(onEvent?: (event: HistoryEvent) => void): History {
  const beganMs = performance.now();
  const events: HistoryEvent[] = [];
  // Microseconds: what the clock of the process resolves.
  const nowMs = () => Math.round((performance.now() - beganMs) * 1_000) / 1_000;
  return {
    events,
    nowMs,
    record: (entry) => {
      const event: HistoryEvent = { index: events.length, timeMs: nowMs(), ...entry };
      events.push(event);
      onEvent?.(event);
      return event;
    },
  };
}

/**
 * A history that is in `file` as well, as JSON lines. Each event is handed to the system before `record` returns, so
 * that a harness that is killed loses none. An older file of that name is replaced.
 */
export async function streamHistory(file: string): Promise<History & Disposable> {
  await makeFolder(dirname(file));
  // A link in its place goes; it is not followed.
  rmSync(file, { force: true });
  const descriptor = openSync(file, 'wx', privateMode);
  const history = createHistory((event) => writeSync(descriptor, lineOf(event)));
  return { ...history, [Symbol.dispose]: () => closeSync(descriptor) };
}

function lineOf(event: HistoryEvent): string {
  return `${JSON.stringify(event)}\n`;
}
