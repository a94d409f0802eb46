import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { QualityDefect } from '../../contract/quality.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { withDriver } from '../server/connection.ts';

/** What no constraint of Community can say. */
export const defect: QualityDefect = {
  check: 'neo4j.concept.alone',
  cause: 'a concept leads nowhere',
  plant: async (running) => {
    await run(running, 'plant-defect.cypher');
    return () => run(running, 'remove-defect.cypher');
  },
};

async function run(running: RunningEngine, name: string): Promise<void> {
  const statement = await readFile(join(import.meta.dirname, 'queries', name), 'utf8');
  await withDriver(running, (driver) => driver.executeQuery(statement));
}
