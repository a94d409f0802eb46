import { outcomeOf, type SetClient } from '../../../sandbox/engines/contract/workloads.ts';
import { createFollowingPool } from '../../../sandbox/engines/postgresql/server/following-pool.ts';
import { wasRefused } from '../../../sandbox/engines/postgresql/server/primary-client.ts';

/** A silent server is given up after this long, as an application's driver would. */
const answerTimeoutMs = 3_000;

/** An application that knows the stack by `DATABASE_FOLLOWING_URL` alone, and works on the drills' set. */
export function followingSet(url: string): SetClient & AsyncDisposable {
  const pool = createFollowingPool(url, { max: 1, query_timeout: answerTimeoutMs });
  let warned = false;
  // A commit that stops waiting for its standby says so in a warning, and is not safe.
  pool.on('connect', (client) => {
    client.on('notice', () => {
      warned = true;
    });
  });
  return {
    add: async (value) => {
      warned = false;
      const insert = async () => (await pool.query('INSERT INTO drill.set VALUES ($1)', [value])).rowCount === 1;
      const outcome = await outcomeOf(insert, (thrown) => (wasRefused(thrown) ? 'fail' : 'info'));
      return outcome === 'ok' && warned ? 'info' : outcome;
    },
    readAll: async () => {
      const { rows } = await pool.query<{ value: string }>('SELECT value FROM drill.set ORDER BY value');
      return rows.map(({ value }) => Number(value));
    },
    [Symbol.asyncDispose]: () => pool.end(),
  };
}
