/**
 * A name in a statement, between backticks. A backtick in it is doubled; `\u` is read as the beginning of a character
 * wherever it stands, so that its backslash is written as one itself (Cypher manual, "Naming rules", "Escaping rules").
 */
export function cypherName(name: string): string {
  return `\`${name.replaceAll('\\u', '\\u005cu').replaceAll('`', '``')}\``;
}
