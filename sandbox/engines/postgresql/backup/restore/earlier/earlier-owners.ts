import type { Content } from '../../catalogue/catalogue.ts';
import type { FoundContent, FoundObject } from '../../catalogue/read-catalogue.ts';

/**
 * Owners of what is in a restored database, from the table of contents of a dump of the first release: it has a line for
 * each object, which ends with its owner. Rights are in such a dump as SQL alone, and are not read.
 */
export function ownersFromContents(
  { objects }: FoundContent,
  contents: readonly string[],
  roles: readonly string[],
): Content {
  const lines = contents.map((line) => line.replace(/^\d+; \d+ \d+ /, ''));
  // The longest that fits: one name may end another.
  const longestFirst = roles.toSorted((left, right) => right.length - left.length);
  const ownerOf = (object: FoundObject) => {
    const beginnings = beginningsOf(object);
    const line = lines.find((each) => beginnings.some((beginning) => each.startsWith(beginning)));
    return line === undefined ? undefined : longestFirst.find((role) => line.endsWith(` ${shown(role)}`));
  };
  return {
    objects: objects.flatMap((object) => {
      const owner = object.own ? ownerOf(object) : undefined;
      return owner === undefined ? [] : [{ ...object, owner, rights: null, columns: [] }];
    }),
    defaults: [],
    extensions: [],
    eventTriggers: [],
    publications: [],
  };
}

/** How the line of an object begins: kind, schema, name; that of a routine goes on with its arguments. */
function beginningsOf({ type, names }: FoundObject): readonly string[] {
  const kinds = type === 'type' ? ['TYPE', 'DOMAIN'] : [type === 'large object' ? 'BLOB' : type.toUpperCase()];
  const [schema, name] = names.length === 1 ? ['-', names[0]] : [names[0], names[1]];
  const isRoutine = ['function', 'procedure', 'aggregate'].includes(type);
  return kinds.map((kind) => `${kind} ${shown(schema ?? '')} ${shown(name ?? '')}${isRoutine ? '(' : ' '}`);
}

/** Line breaks are spaces there. */
const shown = (name: string) => name.replaceAll(/[\r\n]/g, ' ');
