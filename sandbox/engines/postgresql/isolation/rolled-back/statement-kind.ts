/**
 * What a statement does to the transaction that it is in. `refused`: it would end the one around the test, or several
 * statements at once begin with one of these.
 */
export type StatementKind = 'begin' | 'commit' | 'rollback' | 'refused' | 'other';

/** White space, comments and empty statements before the first word. */
const leading = /^(?:\s|;|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)+/;
const noise = /(?:\s|;|--[^\n]*|\/\*[\s\S]*?\*\/)*$/.source;
const word = '(?:\\s+(?:work|transaction))?';
const chain = '(?:\\s+and\\s+no\\s+chain)?';

const kinds: readonly (readonly [StatementKind, RegExp])[] = [
  ['begin', new RegExp(`^(?:begin|start\\s+transaction)\\b[^;]*${noise}`, 'i')],
  ['commit', new RegExp(`^(?:commit|end)${word}${chain}${noise}`, 'i')],
  ['rollback', new RegExp(`^(?:rollback|abort)${word}${chain}${noise}`, 'i')],
  ['other', /^rollback(?:\s+(?:work|transaction))?\s+to\b/i],
  ['refused', /^(?:begin|start\s+transaction|commit|end|rollback|abort|prepare\s+transaction)\b/i],
];

/** By its first words, as PostgreSQL's grammar has them (documentation, "BEGIN", "COMMIT", "ROLLBACK"). */
export function statementKind(text: string): StatementKind {
  const statement = text.replace(leading, '');
  return kinds.find(([, pattern]) => pattern.test(statement))?.[0] ?? 'other';
}
