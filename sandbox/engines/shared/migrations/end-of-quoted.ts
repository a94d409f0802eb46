/**
 * Where a quoted piece of a text ends that begins at `begin` with its quote: behind the next one. `isEscaped`: a backslash before
 * a character makes it count as itself. Of a quote that is doubled it is where the first half ends. Takes any length, which an
 * expression with alternatives does not.
 */
export function endOfQuoted(text: string, begin: number, isEscaped: boolean): number {
  const quote = text[begin] ?? '';
  if (!isEscaped) return endAfter(text, quote, begin + 1);
  const marks = /["'\\]/g;
  marks.lastIndex = begin + 1;
  for (let mark = marks.exec(text); mark !== null; mark = marks.exec(text)) {
    if (mark[0] === quote) return marks.lastIndex;
    if (mark[0] === '\\') marks.lastIndex += 1;
  }
  return text.length;
}

/** The same of what ends with these characters. */
export function endAfter(text: string, mark: string, from: number): number {
  const end = text.indexOf(mark, from);
  return end === -1 ? text.length : end + mark.length;
}
