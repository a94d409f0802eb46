import { stripVTControlCharacters } from 'node:util';
import { messageOf } from '../../core/errors.ts';
import type { ProgressEvent, TaskPath } from '../../core/progress.ts';
import { formatCount } from '../../core/text/format-count.ts';
import type { Colors } from '../colors.ts';
import { oneLineText } from '../terminal.ts';
import { formatDuration } from '../units.ts';

/** Tasks nested deeper than this are only shown while they run. */
const shownDepthMax = 2;

/** Steps of an advance as text: `1,200 of 4,320, 800/s, 3.9 s left`, the latest detail, or both. */
export function advanceText(event: Extract<ProgressEvent, { kind: 'advanced' }>): string {
  const counted =
    event.done === undefined
      ? undefined
      : event.total === undefined
        ? formatCount(event.done)
        : `${formatCount(event.done)} of ${formatCount(event.total)}`;
  const rate = event.ratePerS === undefined ? undefined : `${formatCount(event.ratePerS)}/s`;
  const left = event.remainingMs === undefined ? undefined : `${formatDuration(event.remainingMs)} left`;
  return [counted, rate, left, event.text === undefined ? undefined : oneLine(event.text)]
    .filter((part) => part !== undefined && part !== '')
    .join(', ');
}

/** The line that stays on the screen once something ended or was noticed; `undefined` where nothing should. */
export function lastingLine(event: ProgressEvent, colors: Colors): string | undefined {
  switch (event.kind) {
    case 'finished': {
      if (event.task.length > shownDepthMax) return undefined;
      const text = event.text === undefined || event.text === '' ? '' : `: ${oneLine(event.text)}`;
      return `${colors.green('done')}  ${taskName(event.task)}${text} ${colors.dim(`(${formatDuration(event.durationMs)})`)}`;
    }
    case 'failed':
      return `${colors.red('fail')}  ${taskName(event.task)}: ${oneLine(messageOf(event.error))} ${colors.dim(`(${formatDuration(event.durationMs)})`)}`;
    case 'notice':
      return `${event.level === 'warning' ? colors.yellow('warn') : colors.cyan('note')}  ${oneLine(event.text)}`;
    default:
      return undefined;
  }
}

/** Path of a task, from the widest to the narrowest: `images / postgresql`. */
export function taskName(task: TaskPath): string {
  return task.map(oneLine).join(' / ');
}

/** First line of a text, without what programs write to move the cursor. */
function oneLine(text: string): string {
  return oneLineText(stripVTControlCharacters(text).trim().split(/\r?\n/, 1)[0] ?? '');
}
