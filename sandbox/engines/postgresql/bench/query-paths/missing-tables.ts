import { escapeIdentifier } from 'pg';
import type { ReachableEngine } from '../../../contract/topology.ts';
import { type DatabaseName, openPrimary } from '../../server/connection.ts';

/** Error codes of the server (PostgreSQL documentation, "PostgreSQL Error Codes"). */
const noSuchDatabase = '3D000';
const notAllowed = '42501';

/** Which of the tables are not there, hold nothing, or may not be read. */
export async function missingTables(
  running: ReachableEngine,
  database: DatabaseName,
  tables: readonly string[],
): Promise<readonly string[]> {
  try {
    await using opened = await openPrimary(running, { database });
    const missing: string[] = [];
    for (const table of tables) {
      const { rows } = await opened.client.query<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [
        table,
      ]);
      if (rows[0]?.there !== true) missing.push(`table ${database}.${table}`);
      else {
        const found = await opened.client.query(`SELECT FROM ${escapeIdentifier(table)} LIMIT 1`);
        if (found.rowCount === 0) missing.push(`rows in ${database}.${table}`);
      }
    }
    return missing;
  } catch (thrown) {
    const { code } = thrown as { code?: string };
    if (code === noSuchDatabase) return [`database ${database}`];
    if (code === notAllowed) return [`the right to read ${database}`];
    throw thrown;
  }
}
