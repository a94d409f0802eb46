import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from 'pg';
import { deadlineMs } from '../../../core/deadlines.ts';
import { runConcurrently } from '../../../core/run-concurrently.ts';
import type { QualityLimits, QualityPlace } from '../../contract/quality.ts';
import type { SchemaObject } from '../../contract/schema/schema-gap.ts';
import type { Readers } from './readers.ts';
import { tableOf } from './statement.ts';

const query = (name: string) => readFile(join(import.meta.dirname, 'queries', name), 'utf8');

interface Place extends QualityPlace {
  readonly database: string;
}

/** Tables of the one database that is meant, or of all that the login may connect to. */
export async function placesIn(
  use: Readers['use'],
  limits: QualityLimits,
  { from, isOne }: { readonly from: string; readonly isOne: boolean },
): Promise<readonly Place[]> {
  const read = async <Row extends object>(database: string, name: string) => {
    const text = await query(name);
    const ask = async (client: Client) => {
      await limitTime(client, limits);
      return (await client.query<Row>(text)).rows;
    };
    return use(database, ask, { inTurn: true });
  };
  if (isOne) return read<Place>(from, 'tables.sql');
  const databases = await read<{ name: string }>(from, 'databases.sql');
  return (await runConcurrently(databases, ({ name }) => read<Place>(name, 'tables.sql'))).flat();
}

/** Limits that connections have by now. */
const limited = new WeakMap<Client, number>();

/** The server gives up by itself what takes longer, and sooner what waits for a table that somebody else has locked. */
export async function limitTime(client: Client, { timeoutMs }: QualityLimits): Promise<void> {
  if (limited.get(client) === timeoutMs) return;
  limited.set(client, timeoutMs);
  const lockMs = Math.min(timeoutMs, deadlineMs('qualityLock'));
  await client.query(`SET statement_timeout = ${Math.ceil(timeoutMs)}; SET lock_timeout = ${Math.ceil(lockMs)}`);
}

/** Columns, indexes, constraints, triggers and policies of a table, those that do not hold (NOT VALID, an invalid index) said as such. */
export async function catalogueOf(
  client: Client,
  place: QualityPlace,
  limits: QualityLimits,
): Promise<readonly SchemaObject[]> {
  await limitTime(client, limits);
  return (await client.query<SchemaObject>(await query('table-objects.sql'), [tableOf(place)])).rows;
}
