import editDistance from 'damerau-levenshtein';

/** Names of the standard that are read here, by what has them. */
const read = {
  entity: ['name', 'physicalName', 'properties', 'quality', 'customProperties'],
  field: ['name', 'physicalType', 'required', 'classification', 'primaryKey', 'quality'],
  check: [
    'metric',
    'arguments',
    'severity',
    'type',
    'engine',
    'implementation',
    'customProperties',
    'description',
    'unit',
  ],
  implementation: ['query', 'drift', 'severity', 'cost', 'deadlineMs', 'accepted'],
  arguments: ['properties', 'validValues', 'pattern', 'missingValues'],
} as const;

/** Other names of the standard that look like one of these. */
const standard: ReadonlySet<string> = new Set([
  'query',
  'physicalName',
  'relationships',
  'method',
  'examples',
  'tags',
  'items',
]);

/** Edits that a name may be away from another one whose misspelling it is. */
const editsMax = (name: string) => (name.length > 5 ? 2 : 1);

type Part = keyof typeof read;

/**
 * A name that is nearly one that is read: what it says would be passed over, and the contract be kept by nothing. Other
 * names are the standard's, or somebody's own, and left alone.
 */
export function misspelt(part: Part, given: object): string | undefined {
  const names: readonly string[] = read[part];
  for (const name of Object.keys(given)) {
    if (names.includes(name) || standard.has(name)) continue;
    const meant = names.find((each) => editDistance(name.toLowerCase(), each.toLowerCase()).steps <= editsMax(each));
    if (meant !== undefined) return `there is no \`${name}\`: did you mean \`${meant}\`?`;
    // `mustbe`, or `must_be`, would be the default, 0, instead.
    if ((part === 'check' || part === 'implementation') && /^must/i.test(name) && !/^must[A-Z]/.test(name))
      return `there is no \`${name}\`: operators are written as \`mustBe\``;
  }
  return undefined;
}
