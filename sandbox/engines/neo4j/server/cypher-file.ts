import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../../core/errors.ts';
import { endAfter, endOfQuoted } from '../../shared/migrations/end-of-quoted.ts';

/** A statement of a file, and the line that it begins in. */
export interface Statement {
  readonly text: string;
  readonly line: number;
}

/**
 * Statements end with a semicolon that is in no text, name or comment (Cypher manual, "Expressions", "Naming rules", "Comments").
 * Comments before one are none of it.
 */
export function splitStatements(text: string): readonly Statement[] {
  const statements: Statement[] = [];
  let begin: number | undefined;
  let [end, line, beginLine] = [0, 1, 1];
  const take = () => {
    if (begin !== undefined) statements.push({ text: text.slice(begin, end), line: beginLine });
    begin = undefined;
  };
  for (let at = 0, next = 0; at < text.length; at = next) {
    const piece = pieceAt(text, at);
    next = piece.end;
    if (piece.kind === 'part') {
      if (begin === undefined) [begin, beginLine] = [at, line];
      end = next;
    } else if (piece.kind === 'end') take();
    line += linesIn(text.slice(at, next));
  }
  take();
  return statements;
}

/** White space, and what is neither that nor begins anything else. */
const [space, plain] = [/\s+/y, /[^'"`/;\s]+/y];

function pieceAt(text: string, at: number): { readonly end: number; readonly kind: 'part' | 'passed' | 'end' } {
  const first = text[at] ?? '';
  if (first === ';') return { end: at + 1, kind: 'end' };
  if (text.startsWith('//', at)) return { end: endAfter(text, '\n', at), kind: 'passed' };
  if (text.startsWith('/*', at)) return { end: endAfter(text, '*/', at + 2), kind: 'passed' };
  if (`'"\``.includes(first)) return { end: endOfQuoted(text, at, first !== '`'), kind: 'part' };
  for (const pattern of [space, plain]) {
    pattern.lastIndex = at;
    if (pattern.test(text)) return { end: pattern.lastIndex, kind: pattern === space ? 'passed' : 'part' };
  }
  return { end: at + 1, kind: 'part' };
}

function linesIn(piece: string): number {
  return piece.split('\n').length - 1;
}

/** The server says where, from the start of the statement: `... (line 2, column 7 (offset: 31))`. */
export function whatTheServerSays(
  firstLine: number,
  thrown: unknown,
): { readonly line: number; readonly reason: string } {
  const message = messageOf(thrown);
  const within = Number(/\(line (\d+), column/.exec(message)?.[1] ?? 1);
  return { line: firstLine + within - 1, reason: message.split('\n')[0] ?? '' };
}

/** Text of a file of this room. */
export function cypherFile(...path: string[]): Promise<string> {
  return readFile(join(import.meta.dirname, '..', ...path), 'utf8');
}
