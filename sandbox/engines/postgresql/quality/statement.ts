import { escapeIdentifier } from 'pg';
import {
  combinationsMax,
  type QualityParameters,
  type QualityPlace,
  type QualityQuestion,
  type QualityRule,
} from '../../contract/quality.ts';

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
      const texts = textsOf(given.missingValues ?? [null, '']);
      const values = texts.filter((text) => text !== null) as string[];
      const isNull = texts.includes(null) ? `${field} IS NULL OR ` : '';
      return [select(`${isNull}btrim(${field}::text) = ANY (\${values}::text[])`), { ...parameters, values }];
    }
    case 'invalidValues': {
      if (typeof given.pattern === 'string') {
        return [select(`${field}::text !~ \${pattern}`), { ...parameters, pattern: given.pattern }];
      }
      const values = textsOf(given.validValues).filter((text) => text !== null) as string[];
      return [select(`${field}::text <> ALL (\${values}::text[])`), { ...parameters, values }];
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

function textsOf(values: unknown): readonly (string | null)[] {
  return (Array.isArray(values) ? values : []).map((value) => (value === null ? null : String(value)));
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
