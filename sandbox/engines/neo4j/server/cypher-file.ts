import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../../core/errors.ts';

/** A statement of a file, and the line that it begins in. */
export interface Statement {
  readonly text: string;
  readonly line: number;
}

/** Statements end with a semicolon at the end of a line; comments are lines that begin with two slashes. */
export function splitStatements(text: string): readonly Statement[] {
  const statements: Statement[] = [];
  let lines: string[] = [];
  let firstLine = 0;
  for (const [index, line] of text.split('\n').entries()) {
    if (lines.length === 0 && (line.trim() === '' || line.startsWith('//'))) continue;
    if (lines.length === 0) firstLine = index + 1;
    lines.push(line);
    if (!line.trimEnd().endsWith(';')) continue;
    statements.push({ text: lines.join('\n').trimEnd().slice(0, -1), line: firstLine });
    lines = [];
  }
  if (lines.some((line) => line.trim() !== '')) statements.push({ text: lines.join('\n'), line: firstLine });
  return statements;
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
