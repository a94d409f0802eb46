import { DatabaseError } from 'pg';

/** Where the server says how many characters of what it was sent come before the error: the line of that. */
export function lineOf(thrown: unknown, text: string): number | undefined {
  const position = thrown instanceof DatabaseError ? thrown.position : undefined;
  // The server counts characters, of which JavaScript has two for some.
  return position === undefined
    ? undefined
    : lineAt(
        Array.from(text)
          .slice(0, Number(position) - 1)
          .join(''),
      );
}

/** The line that comes after this much of a text. */
export function lineAt(before: string): number {
  return before.split('\n').length;
}
