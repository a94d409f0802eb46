import { randomInt } from 'node:crypto';
import { asCalled } from '../core/process/called-as.ts';

/**
 * Control sequences of our own carry parameters that nobody else knows, until they are written: so they can be told
 * from those that came in a name, a server's message or a file. Four digits each, as libraries that measure text expect.
 */
const mark = Array.from({ length: 3 }, () => `${randomInt(1_000, 10_000)};`).join('');
const ownSequence = new RegExp(`\\u001b\\[${mark}([0-9;?]*[A-Za-z])`, 'y');

/**
 * What moves the cursor, changes the terminal or the order in which text is read: C0 but tab and line feed, DEL, C1,
 * line separators and the marks of direction (Unicode Standard Annex 9).
 */
const unprintable =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is looked for
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** A control sequence (ECMA-48, without its `ESC [`) that {@link terminalText} lets through. */
export function ownControl(sequence: string): string {
  return `\u001b[${mark}${sequence}`;
}

/** Text as a terminal may have it: control characters that are not ours are shown, as `\x1b`, and do nothing. */
export function terminalText(text: string): string {
  return cellText(text).replaceAll(`\u001b[${mark}`, '\u001b[');
}

/** {@link terminalText} on one line: what comes from elsewhere begins no line of its own. */
export function oneLineText(text: string): string {
  return terminalText(text.trim().replaceAll(/\s*[\r\n]+\s*/g, ' '));
}

/** Cell of a table: what else than a line feed of its own would break its row is shown at once, to be measured. */
export function cellText(text: string): string {
  return text.replaceAll(unprintable, (character, at: number) => (isOwn(text, at) ? character : shown(character)));
}

/** Document as JSON that a terminal may have as well: the same value, with escapes for what {@link terminalText} shows. */
export function terminalJson(document: unknown, indent?: number): string {
  return JSON.stringify(document, undefined, indent).replaceAll(
    unprintable,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** A stream for {@link terminalText} alone: everything that the sandbox prints goes through here. */
export function terminalOf<Stream extends { readonly write: (text: string) => unknown }>(stream: Stream) {
  return { write: (text: string) => stream.write(terminalText(asCalled(text))) };
}

function isOwn(text: string, at: number): boolean {
  ownSequence.lastIndex = at;
  return ownSequence.test(text);
}

function shown(character: string): string {
  const code = character.charCodeAt(0).toString(16);
  return code.length <= 2 ? `\\x${code.padStart(2, '0')}` : `\\u${code}`;
}
