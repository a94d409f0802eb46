import type { ReachableEngine } from '../../contract/topology.ts';
import { openPrimary } from './connection.ts';

/** What decides whether a commit waits for the disk, and what the server may keep in memory. */
const names = [
  'fsync',
  'synchronous_commit',
  'full_page_writes',
  'wal_level',
  'synchronous_standby_names',
  'shared_buffers',
  'work_mem',
  'jit',
];

export async function serverSettings(running: ReachableEngine): Promise<Readonly<Record<string, string>>> {
  await using opened = await openPrimary(running, { database: 'postgres' });
  const { rows } = await opened.client.query<{ name: string; value: string }>(
    'SELECT name, current_setting(name) AS value FROM pg_settings WHERE name = ANY($1) ORDER BY name',
    [names],
  );
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
}
