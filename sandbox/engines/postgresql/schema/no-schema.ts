import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunningEngine } from '../../contract/topology.ts';
import { databases, openPrimary, workingRoles } from '../server/connection.ts';
import { inTransaction } from '../server/in-transaction.ts';
import { identifier } from '../server/statements.ts';
import { createRoles, databaseExists, setPasswords } from './schema.ts';

/** Makes the roles, and the four databases with the rights of each application in its own. Doing it again changes nothing. */
export async function applyNone(running: RunningEngine): Promise<void> {
  await using admin = await openPrimary(running, { database: 'postgres' });
  await createRoles(admin.client, { directory: import.meta.dirname, reset: false });
  await setPasswords(admin.client, running);
  const [rights = '', records = ''] = await Promise.all(
    ['no-schema.sql', 'record.sql'].map((name) => readFile(join(import.meta.dirname, name), 'utf8')),
  );
  for (const database of databases) {
    if (!(await databaseExists(admin.client, database))) await admin.client.query(`CREATE DATABASE ${database}`);
    const statements = rights
      .replaceAll('APPLICATION', identifier(workingRoles[database]))
      .replaceAll('NAME', identifier(database));
    await using opened = await openPrimary(running, { database });
    await inTransaction(opened.client, () => opened.client.query(`${statements}\n${records}`));
  }
}

/** Drops the four databases. Roles, and databases of others, stay. */
export async function clear(running: RunningEngine): Promise<void> {
  await using admin = await openPrimary(running, { database: 'postgres' });
  for (const database of databases) await admin.client.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
}
