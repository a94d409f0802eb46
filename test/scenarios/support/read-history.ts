import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { SandboxError } from '../../../sandbox/core/errors.ts';
import { schemaCheck } from '../../../sandbox/core/schema-check.ts';
import type { HistoryEvent } from '../../../scenarios/history.ts';

/** Writes a history as `streamHistory` does, one event a line. */
export async function writeHistory(file: string, events: readonly HistoryEvent[]): Promise<void> {
  await writeFile(file, events.map((event) => `${JSON.stringify(event)}\n`).join(''));
}

/**
 * Reads a history that `streamHistory` or `writeHistory` wrote. Whether the events make sense together is another
 * question: see `checkHistory`.
 * @throws SandboxError `HISTORY_INVALID` with the number of the first line that is no event
 */
export async function readHistory(file: string): Promise<readonly HistoryEvent[]> {
  const lines = createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY });
  const events: HistoryEvent[] = [];
  let lineNumber = 0;
  for await (const line of lines) {
    lineNumber += 1;
    events.push(parseLine(line, lineNumber, file));
  }
  return events;
}

/** The same for lines that are in memory already. `source` is what errors call them. */
export function parseHistory(text: string, source = 'The history'): readonly HistoryEvent[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.map((line, position) => parseLine(line, position + 1, source));
}

function parseLine(line: string, lineNumber: number, source: string): HistoryEvent {
  let event: unknown;
  try {
    event = JSON.parse(line);
  } catch (cause) {
    throw invalid(source, lineNumber, 'it is not JSON', line, cause);
  }
  const problem = problemOf(event);
  if (problem !== undefined) throw invalid(source, lineNumber, problem, line);
  return event as HistoryEvent;
}

function invalid(source: string, lineNumber: number, problem: string, line: string, cause?: unknown): SandboxError {
  return new SandboxError({
    code: 'HISTORY_INVALID',
    message: `${source}, line ${lineNumber}: ${problem}.`,
    next: 'Take the file as the run wrote it. If the machine lost power, cut the file off before that line.',
    evidence: line.slice(0, 300),
    cause,
  });
}

/** Member by member, as `history-event.schema.json` has them. */
const shapeProblemOf = schemaCheck(join(import.meta.dirname, 'history-event.schema.json'));

function problemOf(event: unknown): string | undefined {
  const problem = shapeProblemOf(event);
  const { process, operation, timeMs, tookEffectMs } = Object(event);
  if (problem !== undefined) {
    const whose = typeof process === 'string' ? `of the ${process}, ` : '';
    return typeof operation === 'string' ? `${whose}${operation}: ${problem}` : `${whose}${problem}`;
  }
  const isAfterwards = process === 'nemesis' && tookEffectMs > timeMs;
  return isAfterwards ? '`tookEffectMs` is not a time before the event' : undefined;
}
