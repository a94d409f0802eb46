import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { SandboxError } from '../../../sandbox/core/errors.ts';
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

type Fields = Readonly<Record<string, unknown>>;
type Test = (value: unknown) => boolean;

const isText: Test = (value) => typeof value === 'string';
const isNumber: Test = (value) => typeof value === 'number' && Number.isFinite(value);
const isInteger: Test = (value) => Number.isSafeInteger(value);
const isIntegers: Test = (value) => Array.isArray(value) && value.every(isInteger);
const isTexts: Test = (value) => Array.isArray(value) && value.every(isText);
const isNullOr = (test: Test): Test => {
  return (value) => value === null || test(value);
};
const isBalances: Test = (value) =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every(isInteger);

/** What each operation of a client carries; `answer` is the value of a read that came back. */
const clientFields: Readonly<
  Record<string, { readonly asked: Readonly<Record<string, Test>>; readonly answer?: Test }>
> = {
  add: { asked: { value: isInteger } },
  read: { asked: {}, answer: isIntegers },
  append: { asked: { key: isText, value: isInteger } },
  'read-list': { asked: { key: isText }, answer: isIntegers },
  write: { asked: { key: isText, value: isInteger } },
  'read-register': { asked: { key: isText }, answer: isNullOr(isInteger) },
  cas: { asked: { key: isText, from: isNullOr(isInteger), to: isInteger } },
  // Whole numbers: 0.1 + 0.2 is not 0.3 here, and no total would come out.
  transfer: { asked: { from: isText, to: isText, amount: isInteger } },
  'read-balances': { asked: {}, answer: isBalances },
};

function problemOf(event: unknown): string | undefined {
  if (typeof event !== 'object' || event === null || Array.isArray(event)) return 'it is not an object';
  const fields = event as Fields;
  const { index, timeMs, process, node, reason } = fields;
  if (!isInteger(index) || (index as number) < 0) return '`index` is not a position';
  if (!isNumber(timeMs) || (timeMs as number) < 0) return '`timeMs` is not a time';
  if (node !== undefined && !isText(node)) return '`node` is not a name';
  if (reason !== undefined && !isText(reason)) return '`reason` is not a text';
  if (process === 'nemesis') return nemesisProblemOf(fields);
  if (process === 'observer') return observerProblemOf(fields);
  return isInteger(process) ? clientProblemOf(fields) : '`process` is neither a number, `nemesis` nor `observer`';
}

function nemesisProblemOf({ type, operation, ends, tookEffectMs, timeMs }: Fields): string | undefined {
  if (type !== 'invoke' && type !== 'info') return '`type` of the nemesis is neither `invoke` nor `info`';
  if (!isText(operation)) return '`operation` is not a name';
  if (tookEffectMs !== undefined && !(isNumber(tookEffectMs) && Number(tookEffectMs) <= Number(timeMs)))
    return '`tookEffectMs` is not a time before the event';
  return ends === undefined || isTexts(ends) ? undefined : '`ends` is not a list of names';
}

function observerProblemOf({ type, operation, node, role }: Fields): string | undefined {
  if (type !== 'info') return '`type` of the observer is not `info`';
  if (operation === 'detect' || operation === 'false-alarm' || operation === 'writable') return undefined;
  if (operation !== 'role')
    return '`operation` of the observer is none of `role`, `detect`, `false-alarm` and `writable`';
  return isText(role) && isText(node) ? undefined : '`role` needs a node and its role';
}

function clientProblemOf(fields: Fields): string | undefined {
  const { type, operation } = fields;
  if (type !== 'invoke' && type !== 'ok' && type !== 'fail' && type !== 'info') {
    return '`type` is none of `invoke`, `ok`, `fail` and `info`';
  }
  const known = typeof operation === 'string' && Object.hasOwn(clientFields, operation) && clientFields[operation];
  if (!known) return '`operation` is not one of a client';
  for (const [name, test] of Object.entries(known.asked)) {
    if (!test(fields[name])) return `\`${name}\` of ${operation} is missing or of the wrong kind`;
  }
  if (known.answer === undefined) return undefined;
  if (type === 'ok') return known.answer(fields.value) ? undefined : `the ${operation} came back without its value`;
  return fields.value === undefined ? undefined : `a ${operation} that did not come back has a value`;
}
