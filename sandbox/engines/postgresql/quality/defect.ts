import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { QualityDefect } from '../../contract/quality.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { mainDatabase, openPrimary } from '../server/connection.ts';

/** What the columns take, and a contract does not. */
export const defect: QualityDefect = {
  check: 'postgresql.users.email-malformed',
  cause: 'a user has an e-mail address that is none',
  plant: async (running) => {
    await run(running, 'plant-defect.sql');
    return () => run(running, 'remove-defect.sql');
  },
};

async function run(running: RunningEngine, name: string): Promise<void> {
  const statement = await readFile(join(import.meta.dirname, 'queries', name), 'utf8');
  await using opened = await openPrimary(running, { database: mainDatabase });
  await opened.client.query(statement);
}
