import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import type { Entities, EntityName } from '../../../seeds/entities.ts';
import { shownText } from '../shown-text.ts';
import document from './entities.schema.json' with { type: 'json' };
import { entitySchemas, type Field, fieldsOf } from './fields.ts';
import { formats, timeOf } from './formats.ts';
import { numberRuleOf, refusedRow, type Settled, settle } from './store-bounds.ts';

/** A row of the dataset, or why there is none, for people. */
export type CheckedRow<Name extends EntityName> = { readonly row: Entities[Name] } | { readonly problem: string };

const ajv = new Ajv({ allErrors: true, allowUnionTypes: true, strict: false, verbose: true, formats });
ajv.addKeyword({
  keyword: 'maxBytes',
  type: 'string',
  schemaType: 'number',
  validate: (most: number, text: string) => Buffer.byteLength(text) <= most,
  error: { message: ({ schema }) => `must NOT have more than ${schema} bytes of UTF-8` },
});
ajv.addSchema(document, 'entities');

/** Problems of one row that are told at most. */
const problemsMax = 5;

/**
 * Checks the form of one row: fields, types, lengths, levels, UUIDs, times, words, dimensions, and that every store
 * takes its values as they are.
 */
export function rowChecker<Name extends EntityName>(entity: Name): (value: unknown) => CheckedRow<Name> {
  const validate = ajv.getSchema(`entities#/definitions/${entity}`) as ValidateFunction;
  const fields = fieldsOf(entity);
  const known = new Map(fields.map((field) => [field.name, field]));
  const required = new Set(entitySchemas[entity].required);
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return { problem: 'is no object' };
    const given: Record<string, unknown> = Object.create(null);
    for (const [name, part] of Object.entries(value)) {
      // A field of CSV that is empty is one that is not there, where it may be missing.
      if (part === null && !required.has(name)) continue;
      const settled = settleField(entity, known.get(name), part);
      if ('problem' in settled) return { problem: `/${shownText(name)} ${settled.problem}` };
      given[name] = settled.value;
    }
    if (!validate(given)) return { problem: (validate.errors ?? []).slice(0, problemsMax).map(inWords).join('; ') };
    const row = Object.fromEntries(
      fields.flatMap((field) => (field.name in given ? [[field.name, decode(field, given[field.name])]] : [])),
    );
    const refused = refusedVector(row.vector) ?? refusedRow(entity, row);
    return refused === undefined ? { row: finish(entity, row) as unknown as Entities[Name] } : { problem: refused };
  };
}

function settleField(entity: EntityName, field: Field | undefined, value: unknown): Settled {
  return settle(value, numberRuleOf(entity, field?.name ?? '', field?.kind ?? 'json'));
}

function inWords({ instancePath, message, keyword, params, data }: ErrorObject): string {
  const more =
    keyword === 'additionalProperties'
      ? ` such as \`${shownText(String(params.additionalProperty))}\``
      : keyword === 'format' && params.format === 'date-time'
        ? `: ${timeOf(String(data))}`
        : '';
  return `${instancePath === '' ? 'the row' : instancePath} ${message}${more}`;
}

function decode({ kind, isUuid }: Field, value: unknown): unknown {
  if (value === null) return null;
  if (kind === 'time') return timeOf(value as string);
  if (kind === 'vector') return Float32Array.from(value as number[]);
  // Minus zero is no integer to BSON.
  if (kind === 'integer') return (value as number) + 0;
  if (isUuid) return (value as string).toLowerCase();
  return value;
}

/** A float32 ends at 3.4e38; what is beyond has become infinite. */
function refusedVector(vector: unknown): string | undefined {
  if (!(vector instanceof Float32Array) || vector.every(Number.isFinite)) return undefined;
  return `/vector holds a number that no float32 has, in place ${vector.findIndex((number) => !Number.isFinite(number)) + 1}`;
}

/** What lies deeper than fields. */
function finish(entity: EntityName, row: Record<string, unknown>): Record<string, unknown> {
  if (entity === 'users') {
    const levels = Object.entries(row.levels as Record<string, number>);
    return { ...row, levels: Object.fromEntries(levels.map(([axis, level]) => [axis, level + 0])) };
  }
  if (entity !== 'conversations') return row;
  const messages = row.messages as readonly { readonly timestamp: string }[];
  return { ...row, messages: messages.map((message) => ({ ...message, timestamp: timeOf(message.timestamp) })) };
}
