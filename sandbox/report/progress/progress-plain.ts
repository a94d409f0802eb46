import type { ProgressEvent } from '../../core/progress.ts';
import { colorsFor } from '../colors.ts';
import { terminalOf } from '../terminal.ts';
import { advanceText, lastingLine, taskName } from './progress-lines.ts';
import type { ProgressReporter, ProgressStream } from './progress-reporter.ts';

/** A task that runs long says at most this often how far it is, in milliseconds: logs are read, not watched. */
const heartbeatMs = 10_000;

/** One line for what starts widest, for what ends, and for what is noticed. */
export function plainProgress(stream: ProgressStream, environment: NodeJS.ProcessEnv): ProgressReporter {
  const colors = colorsFor(stream, environment);
  const terminal = terminalOf(stream);
  const lastSaidMs = new Map<string, number>();
  let stopped = false;

  function line(event: ProgressEvent): string | undefined {
    if (event.kind === 'started') {
      lastSaidMs.set(taskName(event.task), event.atMs);
      return event.task.length === 1 ? `${colors.cyan('start')} ${taskName(event.task)}` : undefined;
    }
    if (event.kind === 'advanced') {
      const name = taskName(event.task);
      if (event.atMs - (lastSaidMs.get(name) ?? Number.NEGATIVE_INFINITY) < heartbeatMs) return undefined;
      lastSaidMs.set(name, event.atMs);
      return `${colors.cyan('going')} ${name}: ${advanceText(event)}`;
    }
    return lastingLine(event, colors);
  }

  return {
    listener: (event) => {
      const text = stopped ? undefined : line(event);
      if (text !== undefined) terminal.write(`${text}\n`);
    },
    aside: (write) => write(),
    stop: () => {
      stopped = true;
    },
  };
}
