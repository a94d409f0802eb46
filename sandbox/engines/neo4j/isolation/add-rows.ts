import type { Driver } from 'neo4j-driver';
import type { EntityKeys, EntityRows, Place } from '../../contract/isolation.ts';
import { parameterOf, steps } from '../data/load-steps.ts';
import { cypherFile } from '../server/cypher-file.ts';

/** Adds nodes and relationships by the statements of the load. */
export async function addRows(_: Place, added: EntityRows, open: () => Promise<Driver>): Promise<void> {
  for (const { name, entity, only = () => true } of steps) {
    const rows = (added[entity] ?? []).filter(only).map(parameterOf);
    if (rows.length === 0) continue;
    const driver = await open();
    await driver.executeQuery(await cypherFile('data', 'load', `${name}.cypher`), { rows });
  }
}

const keyQueries = {
  users: 'UNWIND $keys AS key MATCH (:User {id: key}) RETURN DISTINCT key',
  concepts: 'UNWIND $keys AS key MATCH (:Concept {name: key}) RETURN DISTINCT key',
  knowledge: 'UNWIND $keys AS key MATCH (:Knowledge {id: key}) RETURN DISTINCT key',
} as const;

/** The load's statements would change those that are there. */
export async function heldKeys(_: Place, keys: EntityKeys, open: () => Promise<Driver>): Promise<EntityKeys> {
  const held: Record<string, readonly string[]> = {};
  for (const kind of ['users', 'concepts', 'knowledge'] as const) {
    if (keys[kind] === undefined) continue;
    const { records } = await (await open()).executeQuery(keyQueries[kind], { keys: keys[kind] });
    held[kind] = records.map((record) => record.get('key'));
  }
  return held;
}
