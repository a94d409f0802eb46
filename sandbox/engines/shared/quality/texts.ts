/**
 * What looks like nothing at either end of a text: white space of Unicode 16, and what has no width. PostgreSQL's `btrim` takes
 * blanks alone, and its `\s` what the locale of the database says.
 */
export const blanks =
  ' \t\n\v\f\r\u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b\u200c\u200d\u2028\u2029\u202f\u205f\u2060\u3000\ufeff';

/** The end of a text, where regular expressions agree on it: `$` of PCRE, Python and Java is before a last newline too. */
const end = '(?![\\s\\S])';

/** A pattern whose `$` is the end of the text, as in PostgreSQL and JavaScript, and which `(?m)` leaves as it is. */
export function untilEnd(pattern: string): string {
  if (/\(\?[a-ln-z]*m/i.test(pattern)) return pattern;
  // `[[:alnum:]$]` is one set of characters.
  const parts = /\\[\s\S]|\[\^?\]?(?:\\[\s\S]|\[:\^?[a-z]+:\]|[^\]\\])*\]|\$/g;
  return pattern.replaceAll(parts, (part) => (part === '$' ? end : part));
}

/** A text without {@link blanks} around it. */
export function trimmed(text: string): string {
  const characters = [...text];
  const isMeant = (character: string) => !blanks.includes(character);
  return characters.slice(characters.findIndex(isMeant), characters.findLastIndex(isMeant) + 1).join('');
}

/**
 * A pattern of texts that are one of these, whatever {@link blanks} are around them. No two parts of it can share the same
 * blanks: a long text of them would be tried at each place where one could end and the other begin.
 */
export function oneOf(texts: readonly string[]): string {
  const meant = texts.map(trimmed);
  const literal = meant.filter((text) => text !== '').map((text) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const some = literal.length === 0 ? '' : `(?:(?:${literal.join('|')})[${blanks}]*)${meant.includes('') ? '?' : ''}`;
  return `^[${blanks}]*${some}${end}`;
}
