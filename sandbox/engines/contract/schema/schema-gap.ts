import { withoutUndefined } from '../../../core/without-undefined.ts';
import type { RunningEngine } from '../topology.ts';

/** Something that a schema makes, as the store's catalogue tells of it or as it should. */
export interface SchemaObject {
  /** The store's own word: `index`, `column`, `validator`. */
  readonly kind: string;
  readonly name: string;
  /** Everything that makes it what it is, as one text that is the same for the same. */
  readonly definition: string;
  /** Name of the object that it goes with: the table of a column. Default: it stands alone. */
  readonly partOf?: string | null;
}

/** An object of the schema that a store lacks, or has otherwise. */
export interface SchemaGap {
  /** Database, collection or node that it belongs to, where the store has several. */
  readonly place?: string;
  readonly kind: string;
  readonly name: string;
  readonly what: 'missing' | 'different';
  /** Of one that is different: how it is, and how the schema has it. */
  readonly there?: string;
  readonly wanted?: string;
}

/**
 * Holds the store's catalogue against the schema. What a service has added is no gap. Throws where the store does not
 * answer.
 */
export type ReadSchemaGaps = (running: RunningEngine) => Promise<readonly SchemaGap[]>;

/**
 * What is missing or different of `wanted`. Parts of what is missing are not named again. `isSame` decides about two
 * definitions; default: the same text.
 */
export function gapsBetween<Wanted extends SchemaObject>(
  wanted: readonly Wanted[],
  there: readonly SchemaObject[],
  {
    place,
    isSame = (object, found) => object.definition === found.definition,
  }: {
    readonly place?: string;
    readonly isSame?: (wanted: Wanted, there: SchemaObject) => boolean;
  } = {},
): readonly SchemaGap[] {
  const found = new Map(there.map((object) => [keyOf(object), object]));
  const missing = new Set(wanted.filter((object) => !found.has(keyOf(object))).map(({ name }) => name));
  const at = withoutUndefined({ place });
  return wanted.flatMap((object): readonly SchemaGap[] => {
    const { kind, name, definition, partOf } = object;
    const known = found.get(keyOf(object));
    if (known === undefined) return missing.has(partOf ?? '') ? [] : [{ ...at, kind, name, what: 'missing' }];
    if (isSame(object, known)) return [];
    return [{ ...at, kind, name, what: 'different', there: known.definition, wanted: definition }];
  });
}

function keyOf({ kind, name }: Pick<SchemaObject, 'kind' | 'name'>): string {
  return `${kind} ${name}`;
}

/** `index idx_users_status of taishang_users`. */
export function nameOfGap({ place, kind, name }: Pick<SchemaGap, 'place' | 'kind' | 'name'>): string {
  return `${kind} ${name}${place === undefined || place === name ? '' : ` of ${place}`}`;
}
