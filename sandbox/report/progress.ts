import type { ProgressListener } from '../core/progress.ts';
import { jsonProgress } from './progress-json.ts';
import { liveProgress } from './progress-live.ts';
import { plainProgress } from './progress-plain.ts';

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

/**
 * Reporter for a mode. `auto` is `tty` on a terminal, and `plain` elsewhere and in continuous integration (`CI`).
 */
export function createProgressReporter(
  mode: 'auto' | 'tty' | 'plain' | 'json' | 'quiet',
  stream: ProgressStream = process.stderr,
  environment: NodeJS.ProcessEnv = process.env,
): ProgressReporter {
  switch (mode === 'auto' ? automaticMode(stream, environment) : mode) {
    case 'tty':
      return liveProgress(stream, environment);
    case 'json':
      return jsonProgress(stream);
    case 'quiet':
      return { listener: () => {}, aside: (write) => write(), stop: () => {} };
    default:
      return plainProgress(stream, environment);
  }
}

function automaticMode(stream: ProgressStream, environment: NodeJS.ProcessEnv): 'tty' | 'plain' {
  const inTerminal = stream.isTTY === true && environment.TERM !== 'dumb';
  return inTerminal && (environment.CI ?? '') === '' ? 'tty' : 'plain';
}
