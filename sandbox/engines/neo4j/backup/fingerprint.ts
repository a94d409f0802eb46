import type { Driver, EagerResult } from 'neo4j-driver';
import { sha256Of } from '../../../core/sha256-of.ts';
import type { Fingerprint } from '../../contract/data.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { withDriver } from '../server/connection.ts';
import { cypherName } from '../server/cypher-name.ts';

/**
 * The same data means: the same properties, type by type, of the nodes of each label and of the relationships of each
 * type, whatever their internal ids, the relationships between the same business ids; the same constraints; the same
 * indexes, all of them ready; and the same users. Passwords cannot be read.
 */
export async function fingerprint(running: RunningEngine): Promise<Fingerprint> {
  return withDriver(running, async (driver) => {
    await driver.executeQuery('CALL db.awaitIndexes(60)');
    const labels = await names(driver, 'CALL db.labels() YIELD label AS name RETURN name ORDER BY name');
    const types = await names(
      driver,
      'CALL db.relationshipTypes() YIELD relationshipType AS name RETURN name ORDER BY name',
    );
    const parts: Record<string, string> = {
      users: hashOfLines((await readUsers(driver)).map(canonical)),
      constraints: await hashOf(driver, 'SHOW CONSTRAINTS YIELD name, type, labelsOrTypes, properties'),
      indexes: await hashOf(
        driver,
        'SHOW INDEXES YIELD name, state, type, labelsOrTypes, properties, owningConstraint, options',
      ),
    };
    for (const label of labels)
      parts[`nodes ${label}`] = await hashOf(driver, nodesOf(`MATCH (n:${cypherName(label)})`));
    parts['nodes without a label'] = await hashOf(driver, nodesOf('MATCH (n) WHERE size(labels(n)) = 0'));
    for (const type of types) parts[`relationships ${type}`] = await hashOf(driver, relationshipsOf(type));
    // A label or type outlives its last node in one store and not in its copy.
    return { parts: Object.fromEntries(Object.entries(parts).filter(([, hash]) => hash !== nothing)) };
  });
}

/** The driver reads 3 and 3.0 as the same number: types are asked for. */
function nodesOf(match: string): string {
  return `${match} RETURN labels(n) AS labels, properties(n) AS properties,
    [key IN keys(n) | key + ' ' + valueType(n[key])] AS types`;
}

function relationshipsOf(type: string): string {
  return `MATCH (a)-[r:${cypherName(type)}]->(b)
    RETURN coalesce(a.id, a.name) AS from, coalesce(b.id, b.name) AS to, properties(r) AS properties,
      [key IN keys(r) | key + ' ' + valueType(r[key])] AS types`;
}

/** A user as Community shows it. */
export interface User {
  readonly user: string;
  readonly passwordChangeRequired: boolean;
}

/** Every user, by name. */
export async function readUsers(driver: Driver): Promise<readonly User[]> {
  const { records } = await driver.executeQuery<EagerResult<User>>(
    'SHOW USERS YIELD user, passwordChangeRequired RETURN user, passwordChangeRequired ORDER BY user',
    {},
    { database: 'system' },
  );
  return records.map((record) => record.toObject());
}

const nothing = sha256Of('');

async function names(driver: Driver, statement: string): Promise<readonly string[]> {
  const { records } = await driver.executeQuery<EagerResult<{ name: string }>>(statement);
  return records.map((record) => record.get('name'));
}

async function hashOf(driver: Driver, statement: string): Promise<string> {
  const { records } = await driver.executeQuery(statement);
  return hashOfLines(records.map((record) => canonical(sorted(record.toObject()))).toSorted());
}

/** Labels and types have no order of their own. */
function sorted(row: Record<string, unknown>): Record<string, unknown> {
  const inOrder = (value: unknown) => (Array.isArray(value) ? value.toSorted() : value);
  return { ...row, ...('types' in row ? { types: inOrder(row.types), labels: inOrder(row.labels) } : {}) };
}

function hashOfLines(lines: readonly string[]): string {
  return sha256Of(lines.join('\n'));
}

/** JSON with sorted keys; temporal values as their text. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (typeof part !== 'object' || part === null || Array.isArray(part)) return part;
    if (Object.getPrototypeOf(part) !== Object.prototype) return String(part);
    return Object.fromEntries(Object.entries(part).toSorted(([left], [right]) => (left < right ? -1 : 1)));
  });
}
