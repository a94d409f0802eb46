import { withoutUndefined } from './without-undefined.ts';

/**
 * What is going on, as a stream that the terminal and the JSON reporter both read.
 * A `task` is a path of names from the widest to the narrowest, for example `['images', 'postgresql']`.
 */
export type ProgressEvent =
  | { readonly kind: 'started'; readonly task: TaskPath; readonly atMs: number }
  | ({ readonly kind: 'advanced'; readonly task: TaskPath; readonly atMs: number } & Advance)
  | {
      readonly kind: 'finished';
      readonly task: TaskPath;
      readonly atMs: number;
      readonly durationMs: number;
      readonly text?: string;
    }
  | {
      readonly kind: 'failed';
      readonly task: TaskPath;
      readonly atMs: number;
      readonly durationMs: number;
      readonly error: unknown;
    }
  | { readonly kind: 'notice'; readonly level: 'info' | 'warning'; readonly atMs: number; readonly text: string };

export type TaskPath = readonly string[];

/** How far a running task is. */
interface Advance {
  readonly done?: number;
  readonly total?: number;
  /** Steps done a second. */
  readonly ratePerS?: number;
  /** Time that is left at this rate, in milliseconds. */
  readonly remainingMs?: number;
  /** Latest detail, for example the build step that is running. */
  readonly text?: string;
}

export type ProgressListener = (event: ProgressEvent) => void;

/** A listener for callers that do not care. */
export const silent: ProgressListener = () => {};

/** What a running task may say of itself. */
export interface TaskReport {
  advance(done: Advance): void;
  /** Text shown beside the task once it is done. */
  summarise(text: string): void;
}

/** Runs `work` as a task that `listener` sees start, advance, and finish or fail. */
export async function runTask<Value>(
  listener: ProgressListener,
  task: TaskPath,
  work: (report: TaskReport) => Promise<Value>,
): Promise<Value> {
  const startedMs = performance.now();
  let text: string | undefined;
  listener({ kind: 'started', task, atMs: startedMs });
  try {
    const value = await work({
      advance: (done) => listener({ kind: 'advanced', task, atMs: performance.now(), ...done }),
      summarise: (summary) => {
        text = summary;
      },
    });
    const atMs = performance.now();
    listener({ kind: 'finished', task, atMs, durationMs: atMs - startedMs, ...withoutUndefined({ text }) });
    return value;
  } catch (error) {
    const atMs = performance.now();
    listener({ kind: 'failed', task, atMs, durationMs: atMs - startedMs, error });
    throw error;
  }
}

/** Says something that belongs to no task. */
export function notice(listener: ProgressListener, level: 'info' | 'warning', text: string): void {
  listener({ kind: 'notice', level, atMs: performance.now(), text });
}
