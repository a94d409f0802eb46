import type { ProgressEvent } from '../../core/progress.ts';
import { colorsFor } from '../colors.ts';
import { ownControl, terminalOf } from '../terminal.ts';
import { formatDuration } from '../units.ts';
import { advanceText, lastingLine, taskName } from './progress-lines.ts';
import type { ProgressReporter, ProgressStream } from './progress-reporter.ts';

/** Pause between two frames in milliseconds: smooth to the eye, and nothing to the processor. */
const frameMs = 80;
const spinner = ['-', '\\', '|', '/'];
const hideCursor = ownControl('?25l');
const showCursor = ownControl('?25h');
const clearLineAndBelow = `${ownControl('G')}${ownControl('0J')}`;

interface RunningTask {
  readonly task: readonly string[];
  readonly startedMs: number;
  text: string;
}

/** What ended scrolls by as lines; what runs is redrawn below them. */
export function liveProgress(stream: ProgressStream, environment: NodeJS.ProcessEnv): ProgressReporter {
  const colors = colorsFor(stream, environment);
  const terminal = terminalOf(stream);
  const running = new Map<string, RunningTask>();
  let drawnRows = 0;
  let frame = 0;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  function erased(): string {
    const up = drawnRows > 1 ? ownControl(`${drawnRows - 1}A`) : '';
    const text = drawnRows === 0 ? '' : `${up}${clearLineAndBelow}`;
    drawnRows = 0;
    return text;
  }

  function drawn(): string {
    const rowsMax = Math.max(1, (stream.rows ?? 24) - 2);
    const lines = innermost([...running.values()])
      .slice(0, rowsMax)
      .map(lineOf);
    drawnRows = lines.length;
    return lines.join('\n');
  }

  function lineOf(task: RunningTask): string {
    const mark = spinner[frame % spinner.length] ?? '-';
    const elapsed = formatDuration(Math.max(0, performance.now() - task.startedMs));
    const text = task.text === '' ? '' : `: ${task.text}`;
    const width = Math.max(20, (stream.columns ?? 80) - elapsed.length - 6);
    return `${colors.cyan(mark)} ${shortened(`${taskName(task.task)}${text}`, width)} ${colors.dim(elapsed)}`;
  }

  function redraw(lasting?: string): void {
    terminal.write(`${erased()}${lasting === undefined ? '' : `${lasting}\n`}${drawn()}`);
  }

  function begin(): void {
    if (timer !== undefined) return;
    terminal.write(hideCursor);
    timer = setInterval(() => {
      frame++;
      redraw();
    }, frameMs);
    timer.unref();
    process.once('exit', stop);
  }

  function stop(): void {
    if (stopped) return;
    stopped = true;
    clearInterval(timer);
    process.removeListener('exit', stop);
    if (timer !== undefined) terminal.write(`${erased()}${showCursor}`);
  }

  function listen(event: ProgressEvent): void {
    if (stopped) return;
    begin();
    if (event.kind !== 'notice') follow(running, event);
    const lasting = lastingLine(event, colors);
    if (lasting !== undefined) redraw(lasting);
  }

  function aside(write: () => void): void {
    if (timer !== undefined && !stopped) terminal.write(erased());
    write();
  }

  return { listener: listen, aside, stop };
}

function follow(running: Map<string, RunningTask>, event: Exclude<ProgressEvent, { kind: 'notice' }>): void {
  const key = JSON.stringify(event.task);
  if (event.kind === 'started') running.set(key, { task: event.task, startedMs: event.atMs, text: '' });
  else if (event.kind !== 'advanced') running.delete(key);
  else {
    const task = running.get(key);
    if (task !== undefined) task.text = advanceText(event);
  }
}

/** Tasks that no other running task is a part of: the widest ones would only repeat their parts. */
function innermost(tasks: readonly RunningTask[]): readonly RunningTask[] {
  return tasks.filter(
    (outer) =>
      !tasks.some(
        (inner) =>
          inner.task.length > outer.task.length && outer.task.every((name, index) => inner.task[index] === name),
      ),
  );
}

function shortened(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 3)}...`;
}
