import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from 'pg';
import { gapsBetween, nameOfGap, type SchemaGap } from '../../contract/schema/schema-gap.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { forgetFingerprint } from '../data/load.ts';
import { deferObject } from '../data/load-records.ts';
import { tableLoads } from '../data/rows.ts';
import { type DatabaseName, openPrimary } from '../server/connection.ts';
import { inTransaction } from '../server/in-transaction.ts';
import {
  type DatabaseObject,
  isSameObject,
  objectsOfText,
  readObjects,
  recordedObjects,
  recordObjects,
  recordText,
} from './schema-objects.ts';

const query = (name: string) => readFile(join(import.meta.dirname, '..', 'queries', name), 'utf8');

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

/** That nothing speaks against a new database. */
export class MadeAnewBetter extends Error {}

function lacksColumn(wanted: readonly DatabaseObject[], there: readonly DatabaseObject[]): boolean {
  return gapsBetween(wanted, there).some(({ kind, what }) => kind === 'column' && what === 'missing');
}

function areAllOf(there: readonly DatabaseObject[], wanted: readonly DatabaseObject[]): boolean {
  const known = new Set(wanted.map(({ kind, name }) => `${kind} ${name}`));
  return there.every(({ kind, name }) => known.has(`${kind} ${name}`));
}

/**
 * Makes what a database lacks of its schema, and makes the same what is different, in one transaction; what a service
 * has added stays. Returns the names of what it has made. Throws where something of it cannot be made beside that, or a new
 * database is better, with everything as it was. `wasLoaded`: a dataset was there, and is loaded again afterwards.
 */
export async function repairDatabase(
  running: RunningEngine,
  database: DatabaseName,
  { text, wasLoaded }: { readonly text: string; readonly wasLoaded: boolean },
): Promise<readonly string[]> {
  await using opened = await openPrimary(running, { database });
  const { client } = opened;
  await inTransaction(client, () => recordText(client, database, text));
  const recorded = await recordedObjects(client, text);
  const there = await readObjects(client, database);
  if (recorded !== undefined && gapsBetween(recorded, there, { isSame: isSameObject }).length === 0) return [];
  const wanted = await objectsOfText(running, database, text);
  // It would come back behind the others: without anything of a service's own, a new database has it in its place.
  if (lacksColumn(wanted, there) && areAllOf(there, wanted)) throw new MadeAnewBetter();
  const lacking = async () =>
    gapsBetween(wanted, await readObjects(client, database), { place: database, isSame: isSameObject });
  return await inTransaction(client, async () => {
    await client.query('SET LOCAL check_function_bodies = off');
    const gaps = await lacking();
    if (gaps.some(({ kind }) => kindsOfRows.has(kind))) {
      // Loaded anew also where this run is killed before the load begins.
      if (wasLoaded) await forgetFingerprint(running);
      const putBack = await emptied(client, database, { isLoadedNext: wasLoaded });
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
  const gapOf = new Map(gaps.map((gap) => [`${gap.kind} ${gap.name}`, gap]));
  const missing = new Set(gaps.filter(({ what }) => what === 'missing').map(({ name }) => name));
  const steps = wanted.flatMap((object) => {
    // Parts of what is missing are not named among the gaps.
    const gap = gapOf.get(`${object.kind} ${object.name}`);
    const what = missing.has(object.partOf ?? '') ? 'missing' : gap?.what;
    return what === undefined ? [] : [{ object, what, gap }];
  });
  for (const { object, what } of steps.toReversed()) {
    if (what === 'different' && object.change === null && object.removal !== null) await client.query(object.removal);
  }
  for (const { object, what, gap } of steps) {
    if (what === 'different' && object.retyping !== null && typeIn(gap?.there) !== typeIn(gap?.wanted))
      await client.query(object.retyping);
    await client.query((what === 'different' ? object.change : null) ?? object.creation);
  }
}

/** The type of a column, from its definition. */
function typeIn(definition = ''): string | undefined {
  return definition.split(', ')[0];
}

/** Phase of `queries/deferred-objects.sql` for foreign keys of a service's own tables. */
const phaseOfOthers = 3;

interface TakenOff {
  readonly phase: number;
  readonly name: string;
  readonly removal: string;
  readonly creation: string;
}

/**
 * Empties the dataset's tables, without their indexes and foreign keys and those that refer to them, which a service's
 * tables may have. Returns what puts these back. Where a load comes next, it puts back those of a service's tables, whose
 * rows refer to what it brings.
 */
async function emptied(
  client: Client,
  database: DatabaseName,
  { isLoadedNext }: { readonly isLoadedNext: boolean },
): Promise<() => Promise<void>> {
  const tables = tableLoads.filter((load) => load.database === database).map(({ table }) => table);
  const { rows: there } = await client.query<{ name: string }>(
    "SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname = ANY ($1)",
    [tables],
  );
  if (there.length === 0) return async () => {};
  const { rows } = await client.query<TakenOff>(await query('deferred-objects.sql'), [tables]);
  for (const { removal } of rows.toReversed()) await client.query(removal);
  await client.query(`TRUNCATE ${there.map(({ name }) => name).join(', ')}`);
  const [later, now] = [rows.filter(isOfLoad), rows.filter((each) => !isOfLoad(each))];
  if (later.length > 0) await client.query(await query('begin-load.sql'));
  for (const { phase, name, creation } of later) await deferObject(client, { phase, name, creation });
  return async () => {
    for (const { creation } of now) await client.query(creation);
  };

  function isOfLoad({ phase }: TakenOff): boolean {
    return isLoadedNext && phase === phaseOfOthers;
  }
}
