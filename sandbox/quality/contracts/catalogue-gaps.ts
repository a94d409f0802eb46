import type { Quality, QualityPlace, QualitySession } from '../../engines/contract/quality.ts';
import type { SchemaObject } from '../../engines/contract/schema/schema-gap.ts';
import type { Accepted, Contract } from './contract.ts';

/** Kinds of what a store has of each row, in its own word. */
const fieldKinds: ReadonlySet<string> = new Set(['column', 'field', 'property']);

/** What is known of the store whose catalogue is looked at. */
interface Store {
  /** See `Quality.fields`. */
  readonly fields: 'declared' | 'observed';
  /** Origin of its image: objects that the contract has `notOn` it are not asked for. */
  readonly origin: string;
}

/**
 * A contract against a store's catalogue, in both directions: what is missing, what is different, and what nobody has
 * declared, each in words.
 */
export function catalogueGaps(contract: Contract, there: readonly SchemaObject[], store: Store): readonly string[] {
  const isField = ({ kind }: SchemaObject) => fieldKinds.has(kind);
  const word = there.find(isField)?.kind ?? 'field';
  const isSeen = store.fields === 'declared' || there.some(isField);
  const wanted: SchemaObject[] = [
    ...contract.fields.map(({ name, physicalType = '', required }) => ({
      kind: word,
      name,
      definition: `${physicalType}${required && store.fields === 'declared' ? ' required' : ''}`,
    })),
    ...contract.objects.filter(({ notOn }) => notOn !== store.origin),
  ];
  // What the catalogue of an engine without types says of a field is that it is there.
  const isSame = (object: SchemaObject, found: SchemaObject) =>
    found.definition === '' || object.definition === found.definition;
  const mayBeAbsent = ({ kind, name }: SchemaObject) =>
    kind === word &&
    store.fields === 'observed' &&
    (!isSeen || contract.fields.some((field) => field.name === name && !field.required));
  const keyOf = ({ kind, name }: SchemaObject) => `${kind} ${name}`;
  const found = new Map(there.map((object) => [keyOf(object), object]));
  const declared = new Set([...wanted, ...contract.objects].map(keyOf));
  const gaps = [
    ...wanted.flatMap((object) => {
      const known = found.get(keyOf(object));
      if (known === undefined) return mayBeAbsent(object) ? [] : [`${keyOf(object)} is missing`];
      return isSame(object, known)
        ? []
        : [`${keyOf(object)} is \`${known.definition}\`, and declared as \`${object.definition}\``];
    }),
    ...there.filter((object) => !declared.has(keyOf(object))).map((object) => `${keyOf(object)} is not declared`),
  ];
  return gaps.toSorted();
}

/** What a store says of its places beside their names. */
interface Naming extends Pick<QualitySession, 'ownDatabase'>, Pick<Quality, 'sameName'> {}

/** Places of a store that have no contract, in words: `analytics.events`. A contract that names no database is of the store's own. */
export function undeclaredPlaces(
  there: readonly QualityPlace[],
  declared: readonly QualityPlace[],
  accepted: readonly Accepted[],
  { ownDatabase, sameName = (name) => name }: Naming = {},
): readonly string[] {
  const databaseOf = ({ database = ownDatabase }: QualityPlace) => database;
  const isSame = (one: QualityPlace, other: QualityPlace) =>
    sameName(one.name) === sameName(other.name) && databaseOf(one) === databaseOf(other);
  const isDeclared = (place: QualityPlace) => declared.some((each) => isSame(each, place));
  return there
    .filter((place) => !isDeclared(place))
    .map(({ database, name }) => (database === undefined ? name : `${database}.${name}`))
    .filter((name) => accepted.every(({ id }) => id !== name))
    .map((name) => `${name} has no contract`)
    .toSorted();
}
