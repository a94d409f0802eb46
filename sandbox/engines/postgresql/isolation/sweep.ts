import type { Client } from 'pg';
import type { PlaceOwner } from '../../contract/isolation.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { ownerOfPlace, stackMark } from '../../shared/isolation/place-names.ts';
import { openAdministration } from '../backup/restore/temporary-databases.ts';
import { databases } from '../server/connection.ts';
import { identifier } from '../server/statements.ts';
import { dropDatabase } from './drop-databases.ts';
import { databaseOfPlace, leavingDatabase, placeMark } from './marks.ts';

/**
 * Removes the places of processes that are gone. A place is told by the mark of its role; its databases have that role's
 * name. Templates stay: the next one to open places uses them, or removes them where nobody else does.
 */
export async function sweep(
  running: RunningEngine,
  isAlive: (owner: PlaceOwner, id: string) => boolean,
): Promise<number> {
  await using opened = await openAdministration(running);
  const { rows } = await opened.client.query<{ role: string }>(
    "SELECT rolname AS role FROM pg_roles WHERE shobj_description(oid, 'pg_authid') = $1",
    [placeMark],
  );
  const mark = stackMark(running);
  const left = rows.filter(({ role }) => {
    const owner = ownerOfPlace(role, mark);
    return owner !== undefined && !isAlive(owner, role);
  });
  for (const { role } of left) await dropPlace(running, opened.client, role);
  return left.length;
}

/** Removes the databases of a place that are there, and its role last: it marks them. A place that is gone stays gone. */
export async function dropPlace(running: RunningEngine, client: Client, role: string): Promise<void> {
  const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [role]);
  if (rowCount === 0) return;
  await client.query(`ALTER ROLE ${identifier(role)} NOLOGIN`);
  const names = databases.map((database) => databaseOfPlace(role, database));
  const { rows } = await client.query<{ name: string }>(
    'SELECT datname AS name FROM pg_database WHERE datname = ANY ($1)',
    [[...names, ...names.map(leavingDatabase)]],
  );
  for (const { name } of rows) await dropDatabase(running, client, name);
  await client.query(`DROP ROLE ${identifier(role)}`);
}
