/**
 * A name in a statement, between backticks. A backtick in it is doubled; `\u` is read as the beginning of a character
 * wherever it stands behind an even number of others, so that each backslash before a `u` is written as one itself (Cypher manual, "Naming rules", "Escaping rules").
 */
export function cypherName(name: string): string {
  const escaped = name.replaceAll(/\\+(?=u)/g, (backslashes) => '\\u005c'.repeat(backslashes.length));
  return `\`${escaped.replaceAll('`', '``')}\``;
}
