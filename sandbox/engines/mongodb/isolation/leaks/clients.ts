import { type Db, type Document, MongoClient } from 'mongodb';
import type { Leak, Place } from '../../../contract/isolation.ts';
import { memberOptions } from '../../server/client.ts';

/** Runs work in two places at once, each as its own login. What they leave in their own databases is theirs to lose. */
export async function withClients<Value>(
  [attacker, victim]: readonly [Place, Place],
  work: (attacker: Db, victim: Db) => Promise<Value>,
): Promise<Value> {
  await using one = await open(attacker.uri);
  await using other = await open(victim.uri);
  return await work(one.db(), other.db());
}

function open(address: string): Promise<MongoClient> {
  return new MongoClient(address, address.includes('replicaSet=') ? memberOptions : {}).connect();
}

/** What the server says where a login may not do something, or is none (its `error_codes.yml`). */
const refusals: ReadonlySet<unknown> = new Set([13, 18]);

/** Whether the server does it. `false`: it refuses this login. Throws where it fails for any other reason. */
export async function isAllowed(act: () => Promise<unknown>): Promise<boolean> {
  try {
    await act();
    return true;
  } catch (thrown) {
    if (refusals.has((thrown as { readonly code?: unknown }).code)) return false;
    throw thrown;
  }
}

/** A command that reaches beyond a database: what there is to see of it is that the server takes it. */
export function refusedCommand(
  command: (victim: Place) => Document,
  options: { readonly database?: (victim: Place) => string } = {},
): Leak['attempt'] {
  return (attacker, victim) =>
    withClients([attacker, victim], async (own) => {
      const database = own.client.db(options.database?.(victim) ?? 'admin');
      const wanted = command(victim);
      const taken = await isAllowed(() => database.command(wanted));
      return taken ? [`${Object.keys(wanted)[0]} was taken`] : [];
    });
}

/** A document that the platform's validators take. */
export function content(id: string): Document & { readonly _id: string } {
  return { _id: id, user_id: 'leak', content_type: 'note', title: id, created_at: new Date(0) };
}
