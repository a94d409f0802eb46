import { createHash } from 'node:crypto';
import type { Driver, EagerResult } from 'neo4j-driver';
import type { Fingerprint, RunningEngine } from '../engine.ts';
import { withDriver } from './connection.ts';

/**
 * The same data means: the same properties of the nodes of each label and of the relationships of each type, whatever
 * their internal ids, the relationships between the same business ids; and the same constraints and indexes.
 */
export async function fingerprint(running: RunningEngine): Promise<Fingerprint> {
  return withDriver(running, async (driver) => {
    const labels = await names(driver, 'CALL db.labels() YIELD label AS name RETURN name ORDER BY name');
    const types = await names(
      driver,
      'CALL db.relationshipTypes() YIELD relationshipType AS name RETURN name ORDER BY name',
    );
    const parts: Record<string, string> = {
      constraints: await hashOf(driver, 'SHOW CONSTRAINTS YIELD name, type, labelsOrTypes, properties'),
      indexes: await hashOf(
        driver,
        'SHOW INDEXES YIELD name, state, type, labelsOrTypes, properties, owningConstraint',
      ),
    };
    for (const label of labels) {
      parts[`nodes ${label}`] = await hashOf(
        driver,
        `MATCH (n:\`${label}\`) RETURN labels(n) AS labels, properties(n) AS properties`,
      );
    }
    for (const type of types) {
      parts[`relationships ${type}`] = await hashOf(
        driver,
        `MATCH (a)-[r:\`${type}\`]->(b)
         RETURN coalesce(a.id, a.name) AS from, coalesce(b.id, b.name) AS to, properties(r) AS properties`,
      );
    }
    // A label or type outlives its last node in one store and not in its copy.
    return { parts: Object.fromEntries(Object.entries(parts).filter(([, hash]) => hash !== nothing)) };
  });
}

const nothing = createHash('sha256').digest('hex');

async function names(driver: Driver, statement: string): Promise<readonly string[]> {
  const { records } = await driver.executeQuery<EagerResult<{ name: string }>>(statement);
  return records.map((record) => record.get('name'));
}

async function hashOf(driver: Driver, statement: string): Promise<string> {
  const { records } = await driver.executeQuery(statement);
  const lines = records.map((record) => canonical(record.toObject())).toSorted();
  return createHash('sha256').update(lines.join('\n')).digest('hex');
}

/** JSON with sorted keys; temporal values as their text. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (typeof part !== 'object' || part === null || Array.isArray(part)) return part;
    if (Object.getPrototypeOf(part) !== Object.prototype) return String(part);
    return Object.fromEntries(Object.entries(part).toSorted(([left], [right]) => (left < right ? -1 : 1)));
  });
}
