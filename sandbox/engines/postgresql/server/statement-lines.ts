import { endAfter, endOfQuoted } from '../../shared/migrations/end-of-quoted.ts';

/** How pieces of SQL begin in which no semicolon ends a statement: comments, texts, names. */
const beginnings = {
  lineComment: /--/y,
  comment: /\/\*/y,
  escapedText: /[eE](?=')/y,
  quoted: /(?=['"])/y,
  dollars: /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y,
  // A name may have a dollar sign, which begins no text there.
  word: /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y,
};

/**
 * Lines that the statements of a text begin in, in their order: of an error that has no position the server tells no more
 * than how many statements came before it. Throws nothing: what is no SQL has some lines too.
 */
export function statementLines(text: string): readonly number[] {
  const lines: number[] = [];
  let [at, line, depth, began, body] = [0, 1, 0, false, false];
  while (at < text.length) {
    const { end, isComment, word } = pieceAt(text, at);
    const piece = text.slice(at, end);
    if (!isComment && piece.trim() !== '' && piece !== ';' && !began) {
      lines.push(line);
      began = true;
    }
    // The body of a function of SQL: `BEGIN ATOMIC ... END`, with `CASE ... END` in it.
    if (word === 'ATOMIC') [body, depth] = [true, depth + 1];
    if (body && word === 'CASE') depth += 1;
    if (body && word === 'END') depth -= 1;
    if (piece === '(') depth += 1;
    if (piece === ')') depth -= 1;
    if (piece === ';' && depth <= 0) [began, body, depth] = [false, false, 0];
    line += piece.split('\n').length - 1;
    at = end;
  }
  return lines;
}

interface Piece {
  readonly end: number;
  readonly isComment: boolean;
  /** A key word or a name, in capitals. */
  readonly word?: string;
}

function pieceAt(text: string, at: number): Piece {
  for (const [kind, pattern] of Object.entries(beginnings)) {
    pattern.lastIndex = at;
    const [found] = pattern.exec(text) ?? [];
    if (found === undefined) continue;
    if (kind === 'comment') return { end: endOfComment(text, at), isComment: true };
    if (kind === 'lineComment') return { end: endAfter(text, '\n', at), isComment: true };
    if (kind === 'word') return { end: at + found.length, isComment: false, word: found.toUpperCase() };
    const begin = at + found.length;
    const end = kind === 'dollars' ? endAfter(text, found, begin) : endOfQuoted(text, begin, kind === 'escapedText');
    return { end, isComment: false };
  }
  return { end: at + 1, isComment: false };
}

/** Comments have comments in them (PostgreSQL documentation, "Lexical Structure"). */
function endOfComment(text: string, begin: number): number {
  const marks = /\/\*|\*\//g;
  marks.lastIndex = begin;
  let depth = 0;
  for (let mark = marks.exec(text); mark !== null; mark = marks.exec(text)) {
    depth += mark[0] === '/*' ? 1 : -1;
    if (depth === 0) return marks.lastIndex;
  }
  return text.length;
}
