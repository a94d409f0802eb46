import { escapeIdentifier } from 'pg';
import {
  combinationsMax,
  type QualityParameters,
  type QualityPlace,
  type QualityQuestion,
  type QualityRule,
} from '../../contract/quality.ts';
import { blanks, trimmed } from '../../shared/quality/texts.ts';

/** A statement with its values, as `pg` takes them. */
export interface BoundStatement {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** A statement whose rows are the violations, each with its `id`. Of `rowCount`: all rows. */
export function statementOf(question: QualityQuestion): BoundStatement {
  const { ask, parameters } = question;
  if ('query' in ask) return bind(ask.query, parameters);
  return bind(...ruleStatement(question, ask.rule));
}

/** What the standard's metrics mean here: a value that is absent is `nullValues`' alone, and neither invalid nor double. */
function ruleStatement(
  { place, parameters }: QualityQuestion,
  { metric, fields, arguments: given }: QualityRule,
): [text: string, parameters: QualityParameters] {
  const table = tableOf(place);
  const id = place.key === undefined ? 'ctid::text' : `${escapeIdentifier(place.key)}::text`;
  const [field = ''] = fields.map((name) => `${escapeIdentifier(name)}`);
  const select = (condition: string) => `SELECT ${id} AS id FROM ${table} WHERE ${condition}`;
  switch (metric) {
    case 'rowCount':
      // Views have no ctid.
      return [`SELECT FROM ${table}`, parameters];
    case 'nullValues':
      return [select(`${field} IS NULL`), parameters];
    case 'missingValues': {
      const [texts, numbers] = listed(given.missingValues ?? [null, '']);
      const isNull = texts.includes(null) ? `${field} IS NULL OR ` : '';
      const values = texts.filter((text) => text !== null).map(trimmed);
      const isEqual = `btrim(${field}::text, (SELECT ${blanksText})) = ANY (\${values}::text[])`;
      return [select(`${isNull}${isEqual}${orNumber(field, numbers)}`), { ...parameters, values, numbers }];
    }
    case 'invalidValues': {
      if (typeof given.pattern === 'string') {
        return [select(`${field}::text !~ \${pattern}`), { ...parameters, pattern: given.pattern }];
      }
      const [texts, numbers] = listed(given.validValues);
      const values = texts.filter((text) => text !== null);
      const isValid = `${field}::text = ANY (\${values}::text[])${orNumber(field, numbers)}`;
      return [select(`${field} IS NOT NULL AND NOT (${isValid})`), { ...parameters, values, numbers }];
    }
    case 'duplicateValues': {
      const names = fields.map((name) => escapeIdentifier(name));
      const isThere = names.map((name) => `${name} IS NOT NULL`).join(' AND ');
      const numbered = `SELECT ${id} AS id, row_number() OVER (PARTITION BY ${names.join(', ')} ORDER BY ${id}) AS n FROM ${table}`;
      return [`SELECT id FROM (${numbered} WHERE ${isThere}) numbered WHERE n > 1`, parameters];
    }
  }
}

/** A statement whose rows are the combinations of values, and one more than there may be. */
export function distributionStatement(place: QualityPlace, fields: readonly string[]): BoundStatement {
  const table = tableOf(place);
  const list = fields.map((field) => `${escapeIdentifier(field)}::text`).join(', ');
  return {
    text: `SELECT ARRAY[${list}] AS values, count(*)::float8 AS count FROM ${table} GROUP BY 1 LIMIT $1`,
    values: [combinationsMax + 1],
  };
}

/** `users`, `sales.orders`, and what the catalogue has in quotes: `"Order"`, `sales."Order.Item"`. */
export function tableOf({ name }: Pick<QualityPlace, 'name'>): string {
  return partsOf(name).join('.');
}

/** By which a contract's table and the catalogue's are compared: `users`, `"users"` and `public.users` are one. */
export function sameTableName(name: string): string {
  const parts = partsOf(name);
  return (parts.length === 2 && parts[0] === '"public"' ? parts.slice(1) : parts).join('.');
}

function partsOf(name: string): readonly string[] {
  const parts = name.match(/"(?:[^"]|"")*"|[^."]+/g) ?? [];
  return parts.map((part) => (part.startsWith('"') ? part : escapeIdentifier(part)));
}

/** {@link blanks}, where the database can write them all: a value that it cannot would be refused. */
const blanksText = `CASE getdatabaseencoding() WHEN 'UTF8'
  THEN convert_from('\\x${Buffer.from(blanks).toString('hex')}'::bytea, 'UTF8') ELSE E' \\t\\n\\x0B\\f\\r' END`;

/** The texts of values, and those that are numbers: 2.50 is written otherwise than 2.5, and equals it. */
function listed(values: unknown): [texts: readonly (string | null)[], numbers: readonly string[]] {
  const all = Array.isArray(values) ? values : [];
  return [
    all.map((value) => (value === null ? null : String(value))),
    all.filter((value) => Number.isFinite(value)).map((value) => JSON.stringify(value)),
  ];
}

function orNumber(field: string, numbers: readonly string[]): string {
  return numbers.length === 0 ? '' : ` OR to_jsonb(${field}) = ANY (\${numbers}::text[]::jsonb[])`;
}

/** `${name}` becomes the place of a value: texts of a query never become part of the statement. */
function bind(text: string, parameters: QualityParameters): BoundStatement {
  const names: string[] = [];
  const bound = text
    .trim()
    .replace(/;\s*$/, '')
    .replace(/\$\{(\w+)\}/g, (_, name: string) => {
      if (!Object.hasOwn(parameters, name)) throw new Error(`the query names \${${name}}, which nobody gives`);
      if (!names.includes(name)) names.push(name);
      const type = parameters[name] instanceof Date ? '::timestamptz' : '';
      return `$${names.indexOf(name) + 1}${type}`;
    });
  return { text: bound, values: names.map((name) => parameters[name]) };
}
