/**
 * What a statement does to the transaction that it is in. `refused`: it would end the one around the test, or several
 * statements at once begin with one of these.
 */
export type StatementKind = 'begin' | 'commit' | 'rollback' | 'refused' | 'other';

/*
 * Files of migrations have long comments, of nothing but dashes too: each pattern can match a text in one way alone, so that
 * none is tried again and again.
 */

/** White space, comments and empty statements before the first word. A comment that does not end goes to the end. */
const leading = /^(?:[\s;]|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$))*/;
const comments = /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/g;
const firstWord = /^(?:begin|start|commit|end|rollback|abort|prepare)\b/i;
const rest = '(?:\\s+(?:work|transaction))?(?:\\s+and\\s+no\\s+chain)?[\\s;]*$';

const kinds: readonly (readonly [StatementKind, RegExp])[] = [
  ['begin', /^(?:begin|start\s+transaction)\b[^;]*(?:;[\s;]*)?$/i],
  ['commit', new RegExp(`^(?:commit|end)${rest}`, 'i')],
  ['rollback', new RegExp(`^(?:rollback|abort)${rest}`, 'i')],
  ['other', /^rollback(?:\s+(?:work|transaction))?\s+to\b/i],
  ['refused', /^(?:begin|start\s+transaction|commit|end|rollback|abort|prepare\s+transaction)\b/i],
];

/** By its first words, as PostgreSQL's grammar has them (documentation, "BEGIN", "COMMIT", "ROLLBACK"). */
export function statementKind(text: string): StatementKind {
  const statement = text.replace(leading, '');
  if (!firstWord.test(statement)) return 'other';
  // Between two words a comment is white space.
  const plain = statement.replace(comments, ' ');
  return kinds.find(([, pattern]) => pattern.test(plain))?.[0] ?? 'other';
}
