import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Driver, EagerResult } from 'neo4j-driver';
import { gapsBetween, type SchemaGap, type SchemaObject } from '../../contract/schema/schema-gap.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { primaryFirst } from '../../shared/server/primary-first.ts';
import { withDriver } from '../server/connection.ts';
import { cypherFile, splitStatements } from '../server/cypher-file.ts';
import { initialKeys, initialRelationships } from './initial-keys.ts';

/** Constraints, indexes and the initial graph, held against the schema's files. */
export async function schemaGaps(running: RunningEngine): Promise<readonly SchemaGap[]> {
  const ordered = await primaryFirst(running, async () => (await import('../server/standby.ts')).primaryOf(running));
  const text = await readFile(join(import.meta.dirname, 'constraints.cypher'), 'utf8');
  return withDriver(ordered, (driver) => gapsOf(driver, text));
}

/** `constraintsText`: the file with constraints and indexes. */
export async function gapsOf(driver: Driver, constraintsText: string): Promise<readonly SchemaGap[]> {
  const initial = [
    ...[...initialKeys].map((name) => ({ kind: 'node', name, definition: '' })),
    ...[...initialRelationships].map((name) => ({ kind: 'relationship', name, definition: '' })),
  ];
  const [catalogue, graph] = await Promise.all([
    objectsThere(driver),
    driver.executeQuery<EagerResult<{ kind: string; name: string }>>(
      await cypherFile('queries', 'initial-graph-there.cypher'),
      { keys: [...initialKeys] },
    ),
  ]);
  const nodes = graph.records.map((record) => ({ ...record.toObject(), definition: '' }));
  return gapsBetween([...objectsOfFile(constraintsText), ...initial], [...catalogue, ...nodes]);
}

/** A constraint or index. */
export interface StatedObject extends SchemaObject {
  /** What it is on: no other constraint or index of its type can be there too. */
  readonly target: string;
  readonly label: string;
  readonly properties: readonly string[];
}

const statement =
  /^CREATE\s+(?:(RANGE|TEXT|POINT|FULLTEXT|VECTOR)\s+)?(CONSTRAINT|INDEX)\s+(\w+)\s+IF NOT EXISTS\s+FOR\s+(\(\)-\[\w+:(\w+)\]-\(\)|\(\w+:(\w+)\))\s+(?:REQUIRE|ON)\s+(.*)$/s;

/** What the schema's file makes. Its other statements are of no kind that the catalogue has. */
export function objectsOfFile(text: string): readonly StatedObject[] {
  return splitStatements(text).flatMap(({ text: each }) => {
    const [, type = 'RANGE', kind = '', name = '', , ofType, label = '', rest = ''] = statement.exec(each) ?? [];
    if (name === '') return [];
    const properties = [...rest.matchAll(/\w+\.(\w+)/g)].map(([, property]) => property ?? '');
    const entity = ofType === undefined ? 'NODE' : 'RELATIONSHIP';
    return [
      stated({
        kind,
        name,
        type: kind === 'INDEX' ? type : typeOfConstraint(rest),
        entity,
        label: ofType ?? label,
        properties,
      }),
    ];
  });
}

function typeOfConstraint(rest: string): string {
  if (/\bIS\s+UNIQUE\b/.test(rest)) return 'UNIQUENESS';
  return /\bKEY\b/.test(rest) ? 'KEY' : /\bNOT\s+NULL\b/.test(rest) ? 'PROPERTY_EXISTENCE' : 'PROPERTY_TYPE';
}

interface Row {
  readonly kind: string;
  readonly name: string;
  readonly type: string;
  readonly entity: string;
  readonly label: string;
  readonly properties: readonly string[];
  /** Of an index: `FAILED` is one that nothing finds anything by. */
  readonly state?: string | null;
}

function stated({ kind, name, type, entity, label, properties, state }: Row): StatedObject {
  const target = `${entity === 'NODE' ? `(:${label})` : `[:${label}]`} ${properties.join(', ')}`;
  // Versions call the same constraint by longer names: `NODE_PROPERTY_UNIQUENESS`.
  const short = type.replace(/^(NODE|RELATIONSHIP)_(PROPERTY_)?(?=UNIQUENESS|KEY)/, '');
  const failed = state === 'FAILED' ? ', failed' : '';
  return { kind: kind.toLowerCase(), name, target, label, properties, definition: `${short} ${target}${failed}` };
}

/** Constraints and indexes that are there, but for the indexes that constraints bring. */
export async function objectsThere(driver: Driver): Promise<readonly StatedObject[]> {
  const lists = await Promise.all(
    [
      `SHOW CONSTRAINTS YIELD name, type, entityType, labelsOrTypes, properties
       RETURN 'CONSTRAINT' AS kind, name, type, entityType AS entity, labelsOrTypes[0] AS label, properties, null AS state`,
      `SHOW INDEXES YIELD name, type, entityType, labelsOrTypes, properties, owningConstraint, state WHERE owningConstraint IS NULL
       AND type <> 'LOOKUP' RETURN 'INDEX' AS kind, name, type, entityType AS entity, labelsOrTypes[0] AS label, properties, state`,
    ].map((query) => driver.executeQuery<EagerResult<Row & Record<string, unknown>>>(query)),
  );
  return lists.flatMap(({ records }) => records.map((record) => stated(record.toObject() as Row)));
}
