import { createHash } from 'node:crypto';
import type { RunningEngine } from '../../contract/topology.ts';
import { query } from '../backup/catalogue/described-databases.ts';
import { partsOfDatabase } from '../backup/fingerprint.ts';
import { type DatabaseName, openPrimary } from '../server/connection.ts';

/** What a database holds, part by part: tables, kinds of the catalogue with definitions, and where its sequences stand. */
export type Content = Readonly<Record<string, string>>;

/** Content of `database`, named as if it were the platform's `original`, whose rights from outside count. */
export async function contentOf(running: RunningEngine, database: string, original: DatabaseName): Promise<Content> {
  await using opened = await openPrimary(running, { database });
  // Names are written by it: a database may set another one.
  await opened.client.query("SET search_path = ''");
  const hashOfLines = async (file: string) => {
    const { rows } = await opened.client.query<{ line: string }>(await query(file));
    return hashOf(rows.map(({ line }) => line));
  };
  const positions = await hashOfLines('sequence-positions.sql');
  const definitions = await hashOfLines('rarer-definitions.sql');
  const parts = await partsOfDatabase(running, database, original, original);
  return {
    ...parts,
    [`${original} positions of sequences`]: positions,
    [`${original} definitions of rarer things`]: definitions,
  };
}

/** The same for the same content: 12 hexadecimal digits, as many as a name of a template has. */
export function keyOf(content: Content): string {
  return hashOf(Object.entries(content).map((entry) => JSON.stringify(entry))).slice(0, 12);
}

/** Names of the parts that differ. */
export function differencesBetween(wanted: Content, found: Content): readonly string[] {
  const names = new Set([...Object.keys(wanted), ...Object.keys(found)]);
  return [...names].filter((name) => wanted[name] !== found[name]).toSorted();
}

function hashOf(lines: readonly string[]): string {
  return createHash('sha256').update(lines.toSorted().join('\n')).digest('hex');
}
