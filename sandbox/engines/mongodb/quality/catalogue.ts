import type { Db, Document } from 'mongodb';
import { NoSuchPlace, type QualityLimits } from '../../contract/quality.ts';
import type { SchemaObject } from '../../contract/schema/schema-gap.ts';

/** What the validator says of each field, how strict it is, and the indexes but that of `_id`, which every collection has. */
export async function catalogueOf(database: Db, name: string, limits: QualityLimits): Promise<readonly SchemaObject[]> {
  const found = (await database.listCollections({ name }).next()) as Document | null;
  if (found === null) throw new NoSuchPlace(`there is no collection ${name}`);
  const indexes = await database.collection(name).listIndexes({ maxTimeMS: limits.timeoutMs }).toArray();
  return [
    ...validatorObjects(found.options ?? {}),
    ...indexes
      .filter(({ name: index }) => index !== '_id_')
      .map((index) => ({ kind: 'index', name: String(index.name), definition: indexText(index) })),
  ];
}

function validatorObjects({ validator, validationLevel, validationAction }: Document): readonly SchemaObject[] {
  if (validator === undefined || Object.keys(validator).length === 0) return [];
  const { $jsonSchema = {}, ...others } = validator;
  const strictness = `${validationLevel ?? 'strict'} ${validationAction ?? 'error'}`;
  const also = Object.keys(others).length === 0 ? '' : ` and ${JSON.stringify(others)}`;
  // That documents are objects, every one of them is.
  const { required: requiredNames = [], properties = {}, bsonType: _, ...ofDocuments } = $jsonSchema as Document;
  const required = new Set<string>(requiredNames);
  const fields = Object.entries<Document>(properties);
  const unnamed = [...required].filter((name) => fields.every(([field]) => field !== name));
  return [
    { kind: 'validator', name: '$jsonSchema', definition: `${strictness}${keywordsText(ofDocuments)}${also}` },
    ...fields.map(([name, schema]) => ({
      kind: 'field',
      name,
      definition: `${typeText(schema)}${required.has(name) ? ' required' : ''}`,
    })),
    ...unnamed.map((name) => ({ kind: 'field', name, definition: 'any required' })),
  ];
}

/** `string [article, note]`, `int 0..5`, `string ..200`, `array of string`, `object {keep: bool}`. */
function typeText(schema: Document): string {
  const { bsonType = 'any', enum: values, minimum, maximum, maxLength, items, properties, required, ...more } = schema;
  const bounds = [minimum, maximum].some((bound) => bound !== undefined) ? ` ${minimum ?? ''}..${maximum ?? ''}` : '';
  return [
    [bsonType].flat().join('|'),
    values === undefined ? '' : ` [${values.join(', ')}]`,
    bounds,
    maxLength === undefined ? '' : ` ..${maxLength}`,
    items === undefined ? '' : ` of ${Array.isArray(items) ? `[${items.map(typeText).join(', ')}]` : typeText(items)}`,
    properties === undefined && required === undefined ? '' : ` {${propertiesText(properties ?? {}, required ?? [])}}`,
    keywordsText(more),
  ].join('');
}

/** Whatever else a schema asks for, in an order of its own: `pattern`, `minItems`, `additionalProperties`. What is there for people is none of it. */
function keywordsText({ title: _, description: __, ...keywords }: Document): string {
  const asked = Object.entries(keywords).toSorted(([left], [right]) => (left < right ? -1 : 1));
  return asked.length === 0 ? '' : ` ${JSON.stringify(Object.fromEntries(asked))}`;
}

function propertiesText(properties: Document, required: readonly string[]): string {
  const unnamed = required.filter((name) => !Object.hasOwn(properties, name)).map((name) => [name, {}] as const);
  return [...Object.entries<Document>(properties), ...unnamed]
    .map(([name, schema]) => `${name}: ${typeText(schema)}${required.includes(name) ? ' required' : ''}`)
    .join(', ');
}

function indexText({
  key,
  name: _,
  v: __,
  ns: ___,
  background: ____,
  textIndexVersion: _____,
  ...options
}: Document): string {
  const { weights, default_language: ______, language_override: _______, ...others } = options;
  const fields = Object.entries(key).flatMap(([field, direction]) =>
    field === '_fts'
      ? Object.keys(weights ?? {})
          .toSorted()
          .map((text) => `${text} text`)
      : field === '_ftsx'
        ? []
        : `${field} ${direction}`,
  );
  const said = Object.entries(others).filter(([, value]) => value !== false && value !== null);
  return [fields.join(', '), ...(said.length === 0 ? [] : [JSON.stringify(Object.fromEntries(said))])].join(' ');
}
