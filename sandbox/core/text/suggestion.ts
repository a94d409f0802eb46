import editDistance from 'damerau-levenshtein';

/** Most edits (insertions, deletions, replacements and swaps of neighbours) at which a name still counts as a misspelling of another: a third of its letters, and three at most. */
const editsMax = (name: string) => Math.min(3, Math.ceil(name.length / 3));

/** The known name that was probably meant, if one is near enough. */
function nearestName(given: string, known: readonly string[]): string | undefined {
  const wanted = given.toLowerCase();
  const prefixed = known.filter((name) => wanted.length >= 2 && name.startsWith(wanted));
  if (prefixed.length === 1) return prefixed[0];
  const ranked = known
    .map((name) => ({ name, edits: editDistance(wanted, name).steps }))
    .toSorted((left, right) => left.edits - right.edits);
  const best = ranked[0];
  return best !== undefined && best.edits <= editsMax(best.name) ? best.name : undefined;
}

/** "Did you mean ...?" where a name is near, and the list of known names in any case. */
export function suggestionFor(given: string, known: readonly string[]): string {
  const nearest = nearestName(given, known);
  const question = nearest === undefined ? '' : `Did you mean \`${nearest}\`? `;
  return `${question}Known: ${known.join(', ')}.`;
}
