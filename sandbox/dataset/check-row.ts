import { Ajv, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import type { Entities, EntityName } from '../../seeds/entities.ts';
import { knowledgePointId } from '../../seeds/identifiers.ts';
import document from './entities.schema.json' with { type: 'json' };
import { entitySchemas, type Field, fieldsOf } from './fields.ts';

/** A row of the dataset, or why there is none, for people. */
export type CheckedRow<Name extends EntityName> = { readonly row: Entities[Name] } | { readonly problem: string };

const ajv = new Ajv({ allErrors: true, allowUnionTypes: true, strict: false });
addFormats.default(ajv);
ajv.addSchema(document, 'entities');

/** Checks the form of one row: fields, types, lengths, levels, UUIDs, times, words, dimensions. */
export function rowChecker<Name extends EntityName>(entity: Name): (value: unknown) => CheckedRow<Name> {
  const validate = ajv.getSchema(`entities#/definitions/${entity}`) as ValidateFunction;
  const fields = fieldsOf(entity);
  const required = new Set(entitySchemas[entity].required);
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return { problem: 'is no object' };
    // A field of CSV that is empty is one that is not there, where it may be missing.
    const given = Object.fromEntries(
      Object.entries(value).filter(([name, field]) => field !== null || required.has(name)),
    );
    if (!validate(given)) return { problem: ajv.errorsText(validate.errors, { dataVar: '', separator: '; ' }) };
    const refused = refusedText(given);
    if (refused !== undefined) return { problem: refused };
    const row = Object.fromEntries(
      fields.flatMap((field) => (field.name in given ? [[field.name, decode(field, given[field.name])]] : [])),
    );
    return { row: withPointId(entity, row) as unknown as Entities[Name] };
  };
}

function decode({ kind, isUuid }: Field, value: unknown): unknown {
  if (value === null) return null;
  if (kind === 'time') return new Date(value as string);
  if (kind === 'vector') return Float32Array.from(value as number[]);
  if (isUuid) return (value as string).toLowerCase();
  return value;
}

/** Point ids follow from the business ids, as the platform makes them. */
function withPointId(entity: EntityName, row: Record<string, unknown>): Record<string, unknown> {
  if (entity === 'knowledgeVectors') return { ...row, pointId: knowledgePointId(String(row.knowledgeId)) };
  if (entity === 'userVectors') return { ...row, pointId: row.userId };
  if (entity !== 'conversations') return row;
  const messages = row.messages as readonly { readonly timestamp: string }[];
  return { ...row, messages: messages.map((message) => ({ ...message, timestamp: new Date(message.timestamp) })) };
}

/** PostgreSQL stores no U+0000, and no store half a surrogate pair. */
function refusedText(value: unknown): string | undefined {
  const text = JSON.stringify(value);
  if (/(?<!\\)(\\\\)*\\u0000/.test(text)) return 'holds the character U+0000, which PostgreSQL cannot store';
  if (/(?<!\\)(\\\\)*\\ud[89a-f]/i.test(text)) return 'holds half of a surrogate pair, which is no text';
  return undefined;
}
