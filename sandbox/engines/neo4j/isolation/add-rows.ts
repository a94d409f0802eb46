import type { Driver } from 'neo4j-driver';
import type { EntityRows, Place } from '../../contract/isolation.ts';
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
