/** What is one piece of SQL, in which no semicolon ends a statement: comments, texts, names. */
const pieces = [
  /--[^\n]*/y,
  /\/\*/y,
  /[eE]'(?:[^'\\]|''|\\[\s\S])*'/y,
  /'(?:[^']|'')*'/y,
  /"(?:[^"]|"")*"/y,
  /\$(?<tag>(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?)\$[\s\S]*?\$\k<tag>\$/y,
  // A name may have a dollar sign, which begins no text there.
  /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y,
];

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
  for (const [index, pattern] of pieces.entries()) {
    pattern.lastIndex = at;
    const [found] = pattern.exec(text) ?? [];
    if (found === undefined) continue;
    if (index === 1) return { end: endOfComment(text, at), isComment: true };
    const isWord = index === pieces.length - 1;
    return { end: at + found.length, isComment: index === 0, ...(isWord ? { word: found.toUpperCase() } : {}) };
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
