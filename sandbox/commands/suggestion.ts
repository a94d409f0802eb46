/** Most edits at which a name still counts as a misspelling of another: a third of its letters, and three at most. */
const editsMax = (name: string) => Math.min(3, Math.ceil(name.length / 3));

/** The known name that was probably meant, if one is near enough. */
function nearestName(given: string, known: readonly string[]): string | undefined {
  const wanted = given.toLowerCase();
  const prefixed = known.filter((name) => wanted.length >= 2 && name.startsWith(wanted));
  if (prefixed.length === 1) return prefixed[0];
  const ranked = known
    .map((name) => ({ name, edits: editDistance(wanted, name) }))
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

/** Insertions, deletions, replacements and swaps of neighbours between two words. */
function editDistance(from: string, to: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const replaced = at(previous, column - 1) + (from[row - 1] === to[column - 1] ? 0 : 1);
      const swapped =
        row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]
          ? at(beforePrevious, column - 2) + 1
          : Number.POSITIVE_INFINITY;
      current.push(Math.min(at(previous, column) + 1, at(current, column - 1) + 1, replaced, swapped));
    }
    beforePrevious = previous;
    previous = current;
  }
  return at(previous, to.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}
