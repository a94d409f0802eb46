import type { EagerResult } from 'neo4j-driver';
import type { ReachableEngine } from '../../contract/topology.ts';
import { withDriver } from './connection.ts';

/** What the server may keep in memory, how much of its log waits for the disk, and what it writes about each query. */
const names = [
  'db.checkpoint',
  'db.checkpoint.interval.time',
  'db.logs.query.enabled',
  'db.tx_log.buffer.size',
  'db.tx_log.preallocate',
  'server.bolt.thread_pool_max_size',
  'server.db.query_cache_size',
  'server.memory.heap.max_size',
  'server.memory.pagecache.size',
];

export async function serverSettings(running: ReachableEngine): Promise<Readonly<Record<string, string>>> {
  return withDriver(running, async (driver) => {
    const { records } = await driver.executeQuery<EagerResult<{ name: string; value: string }>>(
      'SHOW SETTINGS YIELD name, value WHERE name IN $names RETURN name, value ORDER BY name',
      { names },
    );
    return Object.fromEntries(records.map((record) => [record.get('name'), record.get('value')]));
  });
}
