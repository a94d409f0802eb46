import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from 'pg';
import { gapsBetween, nameOfGap, type SchemaGap } from '../schema-gap.ts';
import type { RunningEngine } from '../topology.ts';
import { type DatabaseName, openPrimary } from './connection.ts';
import { inTransaction } from './in-transaction.ts';
import { tableLoads } from './rows.ts';
import { type DatabaseObject, isSameObject, objectsOfText, readObjects, recordObjects } from './schema-objects.ts';

/** Whose change may meet rows that it does not go with: the tables are emptied first, since a load fills them anew. */
const kindsOfRows: ReadonlySet<string> = new Set(['table', 'column', 'constraint', 'type', 'domain', 'extension']);

/** Rank of the last kind that indexes and foreign keys need: `queries/schema-objects.sql`. */
const lastRankBeneath = 8;

/** That a repair has left something as it was. */
export class StillLacking extends Error {
  constructor(gap: SchemaGap) {
    super(`${nameOfGap(gap)} is still ${gap.what}`);
  }
}

/**
 * Makes what a database lacks of its schema, and makes the same what is different, in one transaction; what a service
 * has added stays. Returns the names of what it has made. Throws where something of it cannot be made beside that, with
 * everything as it was.
 */
export async function repairDatabase(
  running: RunningEngine,
  database: DatabaseName,
  text: string,
): Promise<readonly string[]> {
  const wanted = await objectsOfText(running, database, text);
  await using opened = await openPrimary(running, { database });
  const { client } = opened;
  const lacking = async () =>
    gapsBetween(wanted, await readObjects(client, database), { place: database, isSame: isSameObject });
  return await inTransaction(client, async () => {
    await client.query('SET LOCAL check_function_bodies = off');
    const gaps = await lacking();
    if (gaps.some(({ kind }) => kindsOfRows.has(kind))) {
      const putBack = await emptied(client, database);
      await make(client, wanted.filter(isBeneath), await lacking());
      await putBack();
    }
    await make(client, wanted, await lacking());
    const [left] = await lacking();
    if (left !== undefined) throw new StillLacking(left);
    await recordObjects(client, text, wanted);
    return gaps.map(nameOfGap);
  });
}

function isBeneath({ rank }: DatabaseObject): boolean {
  return rank <= lastRankBeneath;
}

/** Removes what is different and cannot be changed, the last made first; then makes and changes what is to be. */
async function make(client: Client, wanted: readonly DatabaseObject[], gaps: readonly SchemaGap[]): Promise<void> {
  const whatOf = new Map(gaps.map((gap) => [`${gap.kind} ${gap.name}`, gap.what]));
  const missing = new Set(gaps.filter(({ what }) => what === 'missing').map(({ name }) => name));
  const steps = wanted.flatMap((object) => {
    // Parts of what is missing are not named among the gaps.
    const what = missing.has(object.partOf ?? '') ? 'missing' : whatOf.get(`${object.kind} ${object.name}`);
    return what === undefined ? [] : [{ object, what }];
  });
  for (const { object, what } of steps.toReversed()) {
    if (what === 'different' && object.change === null && object.removal !== null) await client.query(object.removal);
  }
  for (const { object, what } of steps) {
    await client.query((what === 'different' ? object.change : null) ?? object.creation);
  }
}

/**
 * Empties the dataset's tables, without their indexes and foreign keys and those that refer to them, which a service's
 * tables may have. Returns what puts these back.
 */
async function emptied(client: Client, database: DatabaseName): Promise<() => Promise<void>> {
  const tables = tableLoads.filter((load) => load.database === database).map(({ table }) => table);
  const { rows: there } = await client.query<{ name: string }>(
    "SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname = ANY ($1)",
    [tables],
  );
  if (there.length === 0) return async () => {};
  const { rows } = await client.query<{ removal: string; creation: string }>(
    await readFile(join(import.meta.dirname, 'queries', 'deferred-objects.sql'), 'utf8'),
    [tables],
  );
  for (const { removal } of rows.toReversed()) await client.query(removal);
  await client.query(`TRUNCATE ${there.map(({ name }) => name).join(', ')}`);
  return async () => {
    for (const { creation } of rows) await client.query(creation);
  };
}
