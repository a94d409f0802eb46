import type { EagerResult } from 'neo4j-driver';
import type { ReachableEngine } from '../../../contract/topology.ts';
import { withDriver } from '../../server/connection.ts';

/** Which labels no node has, and which types no relationship. Both counts are kept by the server: nothing is read. */
export async function missingParts(
  running: ReachableEngine,
  labels: readonly string[],
  types: readonly string[],
): Promise<readonly string[]> {
  return withDriver(running, async (driver) => {
    const missing: string[] = [];
    const asked = [
      ...labels.map((label) => [`nodes with the label ${label}`, `MATCH (n:${label}) RETURN count(n) AS count`]),
      ...types.map((type) => [
        `relationships of the type ${type}`,
        `MATCH ()-[r:${type}]->() RETURN count(r) AS count`,
      ]),
    ];
    for (const [what = '', statement = ''] of asked) {
      const { records } = await driver.executeQuery<EagerResult<{ count: number }>>(statement);
      if (records[0]?.get('count') === 0) missing.push(what);
    }
    return missing;
  });
}
