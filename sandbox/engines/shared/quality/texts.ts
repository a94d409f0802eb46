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
  return pattern.replaceAll(/\\[\s\S]|\[\^?\]?(?:\\[\s\S]|[^\]\\])*\]|\$/g, (part) => (part === '$' ? end : part));
}

/** A pattern of texts that are one of these, whatever {@link blanks} are around them. */
export function oneOf(texts: readonly string[]): string {
  const literal = texts.map((text) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return `^[${blanks}]*(?:${literal.join('|')})[${blanks}]*${end}`;
}
