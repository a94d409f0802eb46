import { Client, DatabaseError } from 'pg';
import type { Leak, Place } from '../../../contract/isolation.ts';

/** One session of a place, as its own login. */
export async function openSession(uri: string): Promise<{ readonly client: Client } & AsyncDisposable> {
  const client = new Client({ connectionString: uri });
  client.on('error', () => {});
  await client.connect();
  return { client, [Symbol.asyncDispose]: () => client.end().catch(() => {}) };
}

/** Runs work in two places at once. What they leave in their own databases is theirs to lose. */
export async function withSessions<Value>(
  [attacker, victim]: readonly [Place, Place],
  work: (attacker: Client, victim: Client) => Promise<Value>,
): Promise<Value> {
  await using one = await openSession(attacker.uri);
  await using other = await openSession(victim.uri);
  return await work(one.client, other.client);
}

/** Refusals of a login (PostgreSQL documentation, "PostgreSQL Error Codes"): without the privilege, or not let in. */
const refusals: ReadonlySet<string | undefined> = new Set(['42501', '28000', '28P01']);

/** Whether the server does it. `false`: it refuses this login. Throws where it fails for any other reason. */
export async function isAllowed(act: () => Promise<unknown>): Promise<boolean> {
  try {
    await act();
    return true;
  } catch (thrown) {
    if (thrown instanceof DatabaseError && refusals.has(thrown.code)) return false;
    throw thrown;
  }
}

/** A statement that reaches beyond a database: what there is to see of it is that the server takes it. */
export function refusedStatement(statement: string, undo: string): Leak['attempt'] {
  return (attacker, victim) =>
    withSessions([attacker, victim], async (own) => {
      const taken = await isAllowed(() => own.query(statement));
      if (taken) await own.query(undo);
      return taken ? [`${statement} was taken`] : [];
    });
}

/** First value of each row. */
export async function valuesOf(
  client: Client,
  query: string,
  values: readonly unknown[] = [],
): Promise<readonly string[]> {
  const { rows } = await client.query<Record<string, unknown>>(query, [...values]);
  return rows.map((row) => String(Object.values(row)[0]));
}
