import { escapeIdentifier, escapeLiteral } from 'pg';

/** Longest name of anything, in bytes: `NAMEDATALEN` of 64 and its final zero. */
export const nameBytesMax = 63;

export const identifier = (name: string): string => escapeIdentifier(name);

export const literal = (text: string | null): string => (text === null ? 'NULL' : escapeLiteral(text));

/** A connection string for libpq's tools, whose values nothing in them can end. */
export function connectionString(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}='${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`)
    .join(' ');
}

/** Settings whose value is a list of quoted names: `GUC_LIST_QUOTE` of the server's guc_tables.c. */
const listSettings = new Set([
  'local_preload_libraries',
  'search_path',
  'session_preload_libraries',
  'shared_preload_libraries',
  'temp_tablespaces',
  'unix_socket_directories',
]);

/** `SET name TO value` with a value that is as the catalogue holds it. */
export function setClause(name: string, value: string): string {
  if (!listSettings.has(name.toLowerCase())) return `SET ${identifier(name)} TO ${literal(value)}`;
  const elements = listElements(value);
  // An empty list is an empty text.
  return `SET ${identifier(name)} TO ${elements.length === 0 ? "''" : elements.map(literal).join(', ')}`;
}

/** Elements of a list as the server splits it (`SplitGUCList`): bare, or in double quotes with those inside doubled. */
function listElements(value: string): readonly string[] {
  return [...value.matchAll(/\s*(?:"((?:[^"]|"")*)"|([^",]+))\s*(?:,|$)/g)].map(
    ([, quoted, bare]) => quoted?.replaceAll('""', '"') ?? bare?.trim() ?? '',
  );
}
