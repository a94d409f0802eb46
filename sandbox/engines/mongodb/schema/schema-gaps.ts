import type { Db, Document } from 'mongodb';
import { canonicalText } from '../../contract/data/holdings.ts';
import { gapsBetween, type SchemaGap, type SchemaObject } from '../../contract/schema/schema-gap.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { withClient } from '../server/connection.ts';
import {
  type CollectionName,
  type CollectionSchema,
  collectionNames,
  indexName,
  isTextIndex,
  readCollectionSchema,
} from './collections.ts';

/** Collections, validators and indexes, held against the schema's files. */
export async function schemaGaps(running: RunningEngine): Promise<readonly SchemaGap[]> {
  return withClient(running, (database) => gapsOfDatabase(running, database));
}

/** The same of any database that should have the schema. */
export async function gapsOfDatabase(
  running: Pick<RunningEngine, 'image'>,
  database: Db,
): Promise<readonly SchemaGap[]> {
  const gaps = await Promise.all(
    collectionNames.map(async (name) =>
      gapsOfCollection(database, {
        name,
        schema: await readCollectionSchema(name),
        withText: hasTextIndexes(running),
      }),
    ),
  );
  return gaps.flat();
}

/** The stand-in has none: there, and only there, they are left out. */
export function hasTextIndexes({ image }: Pick<RunningEngine, 'image'>): boolean {
  return image.origin !== 'compatible';
}

export interface WantedCollection {
  readonly name: CollectionName;
  readonly schema: CollectionSchema;
  readonly withText: boolean;
}

export async function gapsOfCollection(
  database: Db,
  { name, schema, withText }: WantedCollection,
): Promise<readonly SchemaGap[]> {
  const [there, indexes] = await Promise.all([
    database.listCollections({ name }).next() as Promise<Document | null>,
    database
      .collection(name)
      .listIndexes()
      .toArray()
      // There is no such collection, or it is a view by now.
      .catch((): Document[] => []),
  ]);
  const wanted: SchemaObject[] = [
    { kind: 'collection', name, definition: 'collection' },
    { kind: 'validator', name, partOf: name, definition: validatorText({ validator: schema.validator }) },
    ...schema.indexes
      .filter((key) => withText || !isTextIndex(key))
      .map((key) => ({ kind: 'index', name: indexName(key), partOf: name, definition: indexText({ key }) })),
  ];
  const found: SchemaObject[] = [
    ...(there === null ? [] : [{ kind: 'collection', name, definition: kindText(there) }]),
    ...(there === null ? [] : [{ kind: 'validator', name, definition: validatorText(there.options ?? {}) }]),
    ...indexes.map((index) => ({ kind: 'index', name: String(index.name), definition: indexText(index) })),
  ];
  return gapsBetween(wanted, found, { place: name });
}

/** What cannot be changed once a collection is there. */
function kindText({ type, options = {} }: Document): string {
  const { capped, timeseries, collation } = options;
  const words = [capped === true && 'capped', timeseries && 'time series', collation && canonicalText(collation)];
  return [type ?? 'collection', ...words.filter(Boolean)].join(', ');
}

/** A validator with how strict it is; the server leaves out what it takes by default. */
function validatorText({ validator, validationLevel, validationAction }: Document): string {
  const strictness = { level: validationLevel ?? 'strict', action: validationAction ?? 'error' };
  if (validator === undefined || Object.keys(validator).length === 0) return 'none';
  return canonicalText({ validator, ...strictness });
}

/** Everything of an index but its name and its version. The order of its keys counts. */
function indexText({ key, name: _, v: __, ns: ___, background: ____, ...options }: Document): string {
  const { weights, default_language, language_override, textIndexVersion, ...others } = options;
  // Of a text index the server lists its fields among the weights: each counts once if nobody says otherwise.
  const isPlainText = weights !== undefined && Object.values(weights).every((weight) => weight === 1);
  const fields = isPlainText
    ? Object.entries(key).flatMap(([field, direction]) =>
        field === '_fts'
          ? Object.keys(weights)
              .toSorted()
              .map((text) => `${text} text`)
          : field === '_ftsx'
            ? []
            : `${field} ${direction}`,
      )
    : Object.entries(key).map(([field, direction]) => `${field} ${direction}`);
  const isSaid = Object.entries(others).filter(([, value]) => value !== false && value !== null);
  const rest = { ...Object.fromEntries(isSaid), ...(weights === undefined || isPlainText ? {} : { weights }) };
  return [orderedText(fields), ...(Object.keys(rest).length === 0 ? [] : [canonicalText(rest)])].join(' ');
}

/** Fields of a text index have no order. */
function orderedText(fields: readonly string[]): string {
  const isText = fields.every((field) => field.endsWith(' text'));
  return (isText ? fields.toSorted() : fields).join(', ');
}
