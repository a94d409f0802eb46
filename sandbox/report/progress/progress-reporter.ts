import type { ProgressListener } from '../../core/progress.ts';

/** The stream that progress goes to: standard error, or a stand-in of a test. */
export interface ProgressStream {
  readonly write: (text: string) => unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

/** Shows a stream of progress events. */
export interface ProgressReporter {
  readonly listener: ProgressListener;
  /** Takes what is live off the screen, runs `write`, and goes on: keeps other output of the same terminal whole. */
  readonly aside: (write: () => void) => void;
  /** Leaves the terminal as it was found. Events that come later are dropped. */
  readonly stop: () => void;
}
