import { messageOf } from '../core/errors.ts';
import { isExact, rawNumber } from './exact-number.ts';
import { shownText } from './shown-text.ts';

/** Levels of objects and lists within each other, the outermost included: MongoDB has no more (its manual, "Limits"). */
const levelsMax = 100;

const [quote, backslash, openBrace, closeBrace, openBracket, closeBracket] = [0x22, 0x5c, 0x7b, 0x7d, 0x5b, 0x5d];

export type ParsedJson = { readonly value: unknown } | { readonly problem: string };

/**
 * Reads JSON without losing anything: numbers that no double has stay as they are written (`RawNumber`), a key that
 * comes twice in an object and too many levels are problems. Numbers of the list `vector` of the outermost object are
 * float32, and doubles will do.
 */
export function parseExactJson(text: string): ParsedJson {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (thrown) {
    return { problem: `is not JSON: ${shownText(messageOf(thrown))}` };
  }
  const { problem, inexact } = lookThrough(text);
  if (problem !== undefined) return { problem };
  return { value: inexact ? JSON.parse(text, keepRaw as (key: string, value: unknown) => unknown) : value };
}

function keepRaw(_: string, value: unknown, { source }: { readonly source: string }): unknown {
  return typeof value === 'number' && !isExact(source) ? rawNumber(source) : value;
}

interface Found {
  readonly problem?: string;
  /** Whether a number is there that no double has. */
  readonly inexact: boolean;
}

/** Looks at what `JSON.parse` does not tell of a text that it has taken. */
function lookThrough(text: string): Found {
  // Keys of each object that is open; of a list none.
  const open: (Set<string> | undefined)[] = [];
  let inexact = false;
  for (let at = 0; at < text.length; ) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      const end = endOfString(text, at);
      const keys = open.at(-1);
      if (keys !== undefined && isKey(text, end)) {
        const key = JSON.parse(text.slice(at, end)) as string;
        if (keys.has(key)) return { problem: `has the key \`${shownText(key)}\` twice`, inexact };
        keys.add(key);
        at = key === 'vector' && open.length === 1 ? endOfNumbers(text, end) : end;
      } else at = end;
    } else if (code === openBrace || code === openBracket) {
      open.push(code === openBrace ? new Set() : undefined);
      if (open.length > levelsMax) return { problem: `nests deeper than ${levelsMax} levels`, inexact };
      at += 1;
    } else if (code === closeBrace || code === closeBracket) {
      open.pop();
      at += 1;
    } else if (isNumberStart(code)) {
      const end = endOfNumber(text, at);
      inexact ||= !isExact(text.slice(at, end));
      at = end;
    } else at += 1;
  }
  return { inexact };
}

function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); ; end = text.indexOf('"', end + 1)) {
    let first = end;
    while (text.charCodeAt(first - 1) === backslash) first -= 1;
    if ((end - first) % 2 === 0) return end + 1;
  }
}

/** Of all strings only keys are followed by a colon. */
function isKey(text: string, end: number): boolean {
  let at = end;
  while (isSpace(text.charCodeAt(at))) at += 1;
  return text[at] === ':';
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d;
}

/** A digit or a minus. */
function isNumberStart(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || code === 0x2d;
}

function endOfNumber(text: string, start: number): number {
  let at = start + 1;
  while (isNumberStart(text.charCodeAt(at)) || '.eE+'.includes(text[at] ?? ' ')) at += 1;
  return at;
}

/** Where the list ends that follows a key; a list of anything but numbers is refused by whoever checks the row. */
function endOfNumbers(text: string, end: number): number {
  const list = /^\s*:\s*\[[^\]"[{]*\]/.exec(text.slice(end, end + numbersMax));
  return list === null ? end : end + list[0].length;
}

/** Characters of the numbers of a vector, of which the longest has 768 of up to 30. */
const numbersMax = 32_768;
