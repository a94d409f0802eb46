import { jsonProgress } from './progress-json.ts';
import { liveProgress } from './progress-live.ts';
import { plainProgress } from './progress-plain.ts';
import type { ProgressReporter, ProgressStream } from './progress-reporter.ts';

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
