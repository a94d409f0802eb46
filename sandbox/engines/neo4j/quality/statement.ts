import neo4j from 'neo4j-driver';
import type { QualityPlace, QualityQuestion, QualityRule } from '../../contract/quality.ts';
import { oneOf, untilEnd } from '../../shared/quality/texts.ts';
import { cypherName } from '../server/cypher-name.ts';

interface BoundStatement {
  readonly text: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** Nodes that have no label. */
export const unlabelled = '()';

/** A label, `(:User)`, or a type of relationships, `[:LEARNED]`; `()` is nodes without a label. */
export function readPlace({ name }: QualityPlace): {
  readonly pattern: string;
  readonly label: string;
  readonly isNode: boolean;
} {
  if (name === unlabelled) return { label: '', isNode: true, pattern: '(x WHERE size(labels(x)) = 0)' };
  // Whatever letters it has: the server takes any.
  const [, ofNodes, ofRelationships] = /^(?:\(:(.+)\)|\[:(.+)\])$/s.exec(name) ?? [];
  const label = ofNodes ?? ofRelationships;
  if (label === undefined) {
    throw new Error(`\`${name}\` is neither a label, (:User), nor a type of relationships, [:LEARNED]`);
  }
  const isNode = ofNodes !== undefined;
  const quoted = cypherName(label);
  return { label, isNode, pattern: isNode ? `(x:${quoted})` : `()-[x:${quoted}]->()` };
}

/** A statement whose records are the violations, each with its `id`. */
export function statementOf(question: QualityQuestion): BoundStatement {
  const { ask, parameters } = question;
  if ('rule' in ask) return ruleStatement(question.place, ask.rule);
  // The same way of naming values in every engine's files; Cypher's own is `$now`.
  return {
    text: ask.query
      .trim()
      .replace(/;\s*$/, '')
      .replace(/\$\{(\w+)\}/g, (_, name: string) => {
        if (!Object.hasOwn(parameters, name)) throw new Error(`the query names \${${name}}, which nobody gives`);
        return `$${name}`;
      }),
    parameters,
  };
}

function ruleStatement(place: QualityPlace, { metric, fields, arguments: given }: QualityRule): BoundStatement {
  const { pattern } = readPlace(place);
  const id = place.key === undefined ? 'elementId(x)' : `toString(x.${cypherName(place.key)})`;
  const [field = ''] = fields.map((name) => `x.${cypherName(name)}`);
  const matching = (condition: string) => `MATCH ${pattern} WHERE ${condition} RETURN ${id} AS id`;
  switch (metric) {
    case 'rowCount':
      return { text: `MATCH ${pattern} RETURN count(x) AS count`, parameters: {} };
    case 'nullValues':
      return { text: matching(`${field} IS NULL`), parameters: {} };
    case 'missingValues': {
      const values = listOf(given.missingValues ?? [null, '']);
      const isNull = values.includes(null) ? `${field} IS NULL OR ` : '';
      const texts = values.filter((value) => typeof value === 'string');
      const isText = texts.length === 0 ? '' : ` OR ${field} IS :: STRING AND ${field} =~ $pattern`;
      return {
        text: matching(`${isNull}${field} IN $values${isText}`),
        parameters: { values: values.filter((value) => value !== null), pattern: oneOf(texts) },
      };
    }
    case 'invalidValues':
      if (typeof given.pattern === 'string') {
        const isValid = `${field} IS :: STRING AND ${field} =~ $pattern`;
        // The operator is about a whole text, and a pattern about a part of it, as in the other stores.
        const pattern = `[\\s\\S]*?(?:${untilEnd(given.pattern)})[\\s\\S]*`;
        return { text: matching(`${field} IS NOT NULL AND NOT (${isValid})`), parameters: { pattern } };
      }
      return {
        // A number that is no integer equals one all the same, and is of another type.
        text: matching(
          `${field} IS NOT NULL AND NOT any(value IN $values WHERE value = ${field} AND (value IS :: FLOAT) = (${field} IS :: FLOAT))`,
        ),
        parameters: { values: typed(listOf(given.validValues)) },
      };
    case 'duplicateValues': {
      const names = fields.map((name) => `x.${cypherName(name)}`);
      const isThere = names.map((name) => `${name} IS NOT NULL`).join(' AND ');
      const keys = names.map((name, index) => `${name} AS k${index}`).join(', ');
      return {
        text: `MATCH ${pattern} WHERE ${isThere} WITH ${keys}, collect(x) AS same WHERE size(same) > 1 UNWIND tail(same) AS x RETURN ${id} AS id`,
        parameters: {},
      };
    }
  }
}

/** A statement whose records are the combinations of values; `$most` bounds them. */
export function distributionStatement(place: QualityPlace, fields: readonly string[]): string {
  const values = fields.map((field) => `toStringOrNull(x.${cypherName(field)})`).join(', ');
  return `MATCH ${readPlace(place).pattern} RETURN [${values}] AS values, count(*) AS count LIMIT $most`;
}

/**
 * The driver sends every number of JavaScript as a FLOAT: whole ones are integers here, unless others stand beside them
 * that are none.
 */
function typed(values: readonly unknown[]): readonly unknown[] {
  const numbers = values.filter((value) => typeof value === 'number');
  if (!numbers.every(Number.isSafeInteger)) return values;
  return values.map((value) => (typeof value === 'number' ? neo4j.int(value) : value));
}

function listOf(values: unknown): readonly unknown[] {
  return Array.isArray(values) ? values : [];
}
