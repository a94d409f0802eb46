import { messageOf } from '../../core/errors.ts';
import { losesOrder, withKeyOrder } from '../../core/rows/key-order.ts';
import { shownText } from '../shown-text.ts';
import { isExact, rawNumber } from './exact-number.ts';

/** Levels of objects and lists within each other, the outermost included: MongoDB has no more (its manual, "Limits"). */
const levelsMax = 100;

const comma = 0x2c;
const [quote, backslash, openBrace, closeBrace, openBracket, closeBracket] = [0x22, 0x5c, 0x7b, 0x7d, 0x5b, 0x5d];

export type ParsedJson = { readonly value: unknown } | { readonly problem: string };

/**
 * Reads JSON without losing anything: numbers that no double has stay as they are written (`RawNumber`), a key that
 * comes twice in an object and too many levels are problems. Keys that objects of JavaScript move have their order
 * remembered (`keyOrderOf`). Numbers of the list `vector` of the outermost object are float32, and doubles will do.
 */
export function parseExactJson(text: string): ParsedJson {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (thrown) {
    return { problem: `is not JSON: ${shownText(messageOf(thrown))}` };
  }
  const { problem, inexact, moved } = lookThrough(text);
  if (problem !== undefined) return { problem };
  const read = inexact ? JSON.parse(text, keepRaw as (key: string, value: unknown) => unknown) : value;
  for (const { path, keys } of moved) {
    withKeyOrder(path.reduce<unknown>((within, key) => (within as Record<string, unknown>)[key], read) as object, keys);
  }
  return { value: read };
}

function keepRaw(_: string, value: unknown, { source }: { readonly source: string }): unknown {
  return typeof value === 'number' && !isExact(source) ? rawNumber(source) : value;
}

interface Found {
  readonly problem?: string;
  /** Whether a number is there that no double has. */
  readonly inexact: boolean;
  /** Objects whose keys JavaScript moves: where each lies, and its keys as they are written. */
  readonly moved: readonly { readonly path: readonly (string | number)[]; readonly keys: readonly string[] }[];
}

/** An object or a list that is open; `at` is the key or the place that is being read. */
interface Open {
  readonly keys?: Set<string>;
  at: string | number;
}

/** Looks at what `JSON.parse` does not tell of a text that it has taken. */
function lookThrough(text: string): Found {
  const open: Open[] = [];
  const moved: Found['moved'][number][] = [];
  let inexact = false;
  for (let at = 0; at < text.length; ) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      const end = endOfString(text, at);
      const within = open.at(-1);
      if (within?.keys !== undefined && isKey(text, end)) {
        const key = JSON.parse(text.slice(at, end)) as string;
        if (within.keys.has(key)) return { problem: `has the key \`${shownText(key)}\` twice`, inexact, moved };
        within.keys.add(key);
        within.at = key;
        at = key === 'vector' && open.length === 1 ? endOfNumbers(text, end) : end;
      } else at = end;
    } else if (code === openBrace || code === openBracket) {
      open.push(code === openBrace ? { keys: new Set(), at: '' } : { at: 0 });
      if (open.length > levelsMax) return { problem: `nests deeper than ${levelsMax} levels`, inexact, moved };
      at += 1;
    } else if (code === closeBrace || code === closeBracket) {
      const keys = [...(open.pop()?.keys ?? [])];
      if (losesOrder(keys)) moved.push({ path: open.map((each) => each.at), keys });
      at += 1;
    } else if (code === comma) {
      const within = open.at(-1);
      if (typeof within?.at === 'number') within.at += 1;
      at += 1;
    } else if (isNumberStart(code)) {
      const end = endOfNumber(text, at);
      inexact ||= !isExact(text.slice(at, end));
      at = end;
    } else at += 1;
  }
  return { inexact, moved };
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
