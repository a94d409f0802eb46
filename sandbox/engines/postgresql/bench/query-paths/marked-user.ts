import { randomUUID } from 'node:crypto';
import type { Client } from 'pg';

/** What every row begins with that a path writes. */
const marker = 'sandbox-bench';

export interface MarkedUser extends AsyncDisposable {
  readonly id: string;
}

/** What paths that write promise: they are the user's rows alone, and go with it. */
export const writesOfMarkedUser = `rows of a user of its own, named ${marker}-..., who is removed afterwards with all of them`;

/**
 * A user of the path's own, who is removed with all its rows (ON DELETE CASCADE). Those that a run left which was killed
 * are removed too, once they are an hour old: until then they may be another run's.
 */
export async function createMarkedUser(client: Client): Promise<MarkedUser> {
  await client.query(
    "DELETE FROM users WHERE username LIKE $1 AND metadata ? 'sandbox_bench' AND created_at < now() - interval '1 hour'",
    [`${marker}-%`],
  );
  const id = randomUUID();
  await client.query(
    `INSERT INTO users (id, username, email, password_hash, status, metadata)
     VALUES ($1, $2, $3, '-', 'inactive', '{"sandbox_bench": true}')`,
    [id, `${marker}-${id.slice(0, 13)}`, `${id}@${marker}.invalid`],
  );
  return {
    id,
    [Symbol.asyncDispose]: async () => {
      await client.query("DELETE FROM users WHERE id = $1 AND metadata ? 'sandbox_bench'", [id]);
    },
  };
}
