/**
 * A name in a statement, between backticks. A backtick in it is doubled; `\u` is read as the beginning of a character
 * where it stands behind an even number of backslashes, so that each backslash before a `u` is written as a character
 * itself (Cypher manual, "Naming rules", "Escaping rules").
 */
export function cypherName(name: string): string {
  const escaped = name.replaceAll(/\\+(?=u)/g, (backslashes) => '\\u005c'.repeat(backslashes.length));
  return `\`${escaped.replaceAll('`', '``')}\``;
}
