import type { LeftOut } from '../../contract/backup.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { openPrimary } from '../server/connection.ts';
import { query } from './catalogue/described-databases.ts';

/**
 * What a server holds and a logical backup does not. Copies that a restore made beside live data are left out too, and
 * are not among it: each says of itself which backup's database it is.
 */
export async function leftOut(running: RunningEngine): Promise<readonly LeftOut[]> {
  await using opened = await openPrimary(running, { database: 'postgres' });
  const { rows } = await opened.client.query<{ what: string; why: string }>(await query('left-out.sql'));
  return rows;
}
