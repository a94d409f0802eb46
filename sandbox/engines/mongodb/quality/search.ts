import { BSON, Decimal128, type Document, Long, ObjectId, UUID } from 'mongodb';
import type { QualityParameters, QualityQuestion, QualityRule } from '../../contract/quality.ts';
import { oneOf, untilEnd } from '../../shared/quality/texts.ts';

const { EJSON } = BSON;

/** What finds the violations of a collection: a filter, or stages that end with documents whose `_id` tells what is wrong. */
export type Search = { readonly filter: Document } | { readonly pipeline: readonly Document[] };

/** Stands in a query for the validator that the collection has by now. */
const validatorParameter = 'validator';

/** Stages that write, and operators that run code (MongoDB documentation, "Aggregation Stages"): a check has none of them. */
const refused = /"\$(out|merge|where|function|accumulator)"/;

export function searchOf({ ask, parameters }: QualityQuestion): Search {
  if ('rule' in ask) return ruleSearch(ask.rule);
  const search = filled(JSON.parse(ask.query), parameters) as { filter?: Document; pipeline?: readonly Document[] };
  const { filter, pipeline } = search;
  if ((filter === undefined) === (pipeline === undefined)) {
    throw new Error('a query is an object with either `filter` or `pipeline`');
  }
  if (refused.test(JSON.stringify(search))) {
    throw new Error('a query that reads has none of $out, $merge, $where, $function and $accumulator');
  }
  return filter === undefined ? { pipeline: pipeline ?? [] } : { filter };
}

/** What the standard's metrics mean here: a field that is absent or null is `nullValues`' alone. */
function ruleSearch({ metric, fields, arguments: given }: QualityRule): Search {
  const [field = ''] = fields;
  switch (metric) {
    case 'rowCount':
      return { filter: {} };
    // A search looks into arrays: one that has such a value in it is there.
    case 'nullValues':
      return { filter: { $and: [{ [field]: null }, isNoArray(field)] } };
    case 'missingValues': {
      const values = listOf(given.missingValues ?? [null, '']);
      const texts = values.filter((value) => typeof value === 'string');
      const isMissing = [
        { [field]: { $in: values } },
        ...(texts.length === 0 ? [] : [{ [field]: { $type: 'string', $regex: oneOf(texts) } }]),
      ];
      return { filter: { $and: [{ $or: isMissing }, isNoArray(field)] } };
    }
    case 'invalidValues': {
      const isValid =
        typeof given.pattern === 'string'
          ? {
              $and: [isNoArray(field), { [field]: { $type: 'string', $regex: untilEnd(given.pattern) } }],
            }
          : // By an expression, as the pattern is of no array: a filter would look into one, and take [-1, 5] for 5.
            { $expr: { $in: [`$${field}`, listOf(given.validValues).map(asItIs)] } };
      return { filter: { ...isThere(field), $nor: [isValid] } };
    }
    case 'duplicateValues': {
      const key = Object.fromEntries(fields.map((name, index) => [`f${index}`, `$${name}`]));
      return {
        pipeline: [
          { $match: { $and: fields.map(isThere) } },
          { $sort: { _id: 1 } },
          { $group: { _id: key, ids: { $push: '$_id' } } },
          { $match: { 'ids.1': { $exists: true } } },
          { $unwind: { path: '$ids', includeArrayIndex: 'place' } },
          { $match: { place: { $gt: 0 } } },
          { $project: { _id: '$ids' } },
        ],
      };
    }
  }
}

/** In an expression `$5` is a field, and an object an operator, which may run code. */
function asItIs(value: unknown): unknown {
  const isExpression = typeof value === 'object' ? value !== null : typeof value === 'string' && value.startsWith('$');
  return isExpression ? { $literal: value } : value;
}

/** An array that has a null in it is there. */
function isThere(field: string): Document {
  return { $or: [{ [field]: { $ne: null } }, { [field]: { $type: 'array' } }] };
}

function isNoArray(field: string): Document {
  return { [field]: { $not: { $type: 'array' } } };
}

/** Ids that are told as these texts, beside the text itself. Integers beyond 2^53 and decimals are no number of JavaScript. */
const idsByText: readonly (readonly [pattern: RegExp, id: (text: string) => unknown])[] = [
  [/^[0-9a-f]{24}$/i, (text) => new ObjectId(text)],
  [/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, (text) => new UUID(text)],
  [/^-?\d{1,300}(\.\d+)?$/, Number],
  [/^-?[\d.]{1,30}$/, (text) => Decimal128.fromString(text)],
  [/^\d{4}-\d\d-\d\dT[\d:.]+Z$/, (text) => new Date(text)],
  [/^(true|false)$/, (text) => text === 'true'],
  [/^\{/, (text) => EJSON.parse(text)],
];

/** What ids may be that a contract has as texts: they are told by {@link idText}, and are something else in most collections. */
export function idsOf(texts: readonly string[]): readonly unknown[] {
  const read = (text: string) =>
    idsByText.flatMap(([pattern, idOf]) => {
      try {
        return pattern.test(text) ? [idOf(text)] : [];
      } catch {
        return [];
      }
    });
  return texts.flatMap((text) => [text, ...read(text)]);
}

/** An id for people: what has no text of its own is in MongoDB's Extended JSON. */
export function idText(id: unknown): string {
  if (typeof id !== 'object' || id === null) return String(id);
  if (id instanceof Date) return Number.isNaN(id.getTime()) ? String(id) : id.toISOString();
  if ('toHexString' in id || id instanceof Long || id instanceof Decimal128) return String(id);
  return EJSON.stringify(id);
}

function listOf(values: unknown): readonly unknown[] {
  return Array.isArray(values) ? values : [];
}

/** A text that is `${name}` becomes the value of that name; a date is one to the driver. */
function filled(value: unknown, parameters: QualityParameters): unknown {
  if (Array.isArray(value)) return value.map((each) => filled(each, parameters));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, filled(each, parameters)]));
  }
  const [, name] = typeof value === 'string' ? (/^\$\{(\w+)\}$/.exec(value) ?? []) : [];
  if (name === undefined || name === validatorParameter) return value;
  if (!Object.hasOwn(parameters, name)) throw new Error(`the query names \${${name}}, which nobody gives`);
  return parameters[name];
}

/** Whether a query names the validator of its collection. */
export function namesValidator(query: string): boolean {
  return query.includes(`"\${${validatorParameter}}"`);
}

/** The search with the collection's own validator, where it names that. */
export function withValidator<Value>(value: Value, validator: Document): Value {
  if (value === `\${${validatorParameter}}`) return validator as Value;
  if (value instanceof Date || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((each) => withValidator(each, validator)) as Value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, withValidator(each, validator)]),
  ) as Value;
}
