import { type Document, ObjectId } from 'mongodb';
import type { QualityParameters, QualityQuestion, QualityRule } from '../../contract/quality.ts';

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
    case 'nullValues':
      return { filter: { [field]: null } };
    case 'missingValues':
      return { filter: { [field]: { $in: listOf(given.missingValues ?? [null, '']) } } };
    case 'invalidValues': {
      const isValid =
        typeof given.pattern === 'string'
          ? {
              $and: [
                { [field]: { $not: { $type: 'array' } } },
                { [field]: { $type: 'string', $regex: given.pattern } },
              ],
            }
          : // By an expression, as the pattern is of no array: a filter would look into one, and take [-1, 5] for 5.
            { $expr: { $in: [`$${field}`, listOf(given.validValues)] } };
      // An array that has a null in it is there.
      return { filter: { $or: [{ [field]: { $ne: null } }, { [field]: { $type: 'array' } }], $nor: [isValid] } };
    }
    case 'duplicateValues': {
      const key = Object.fromEntries(fields.map((name, index) => [`f${index}`, `$${name}`]));
      return {
        pipeline: [
          { $match: Object.fromEntries(fields.map((name) => [name, { $ne: null }])) },
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

/** What ids may be that a contract has as texts: they are told as texts, and are something else in most collections. */
export function idsOf(texts: readonly string[]): readonly unknown[] {
  return texts.flatMap((text) => [
    text,
    ...(/^[0-9a-f]{24}$/i.test(text) ? [new ObjectId(text)] : []),
    ...(/^-?\d+(\.\d+)?$/.test(text) && Number.isFinite(Number(text)) ? [Number(text)] : []),
  ]);
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
