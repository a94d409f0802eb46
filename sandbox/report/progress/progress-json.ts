import { messageOf, SandboxError } from '../../core/errors.ts';
import type { ProgressEvent } from '../../core/progress.ts';
import { terminalJson } from '../terminal.ts';
import type { ProgressReporter, ProgressStream } from './progress-reporter.ts';

/** Version of the events that `--progress json` writes. */
const progressVersion = 1;

/** One JSON document a line, one line an event. */
export function jsonProgress(stream: ProgressStream): ProgressReporter {
  let stopped = false;
  return {
    listener: (event) => {
      if (!stopped) stream.write(`${terminalJson({ version: progressVersion, ...readable(event) })}\n`);
    },
    aside: (write) => write(),
    stop: () => {
      stopped = true;
    },
  };
}

function readable(event: ProgressEvent): object {
  if (event.kind !== 'failed') return event;
  const code = event.error instanceof SandboxError ? event.error.code : 'INTERNAL';
  return { ...event, error: { code, message: messageOf(event.error) } };
}
