import type { Client } from 'pg';
import { AsyncDisposableStack } from '../../../../core/disposable-stack.ts';
import { SandboxError } from '../../../../core/errors.ts';
import {
  type PathContext,
  type PreparedPath,
  type QueryPath,
  usualShares,
} from '../../../contract/bench/query-path.ts';
import { preparePath } from '../../../shared/bench/prepare-path.ts';
import { openPrimary } from '../../server/connection.ts';
import { createMarkedUser, writesOfMarkedUser } from './marked-user.ts';
import { missingTables } from './missing-tables.ts';
import { type ExpectedPlan, planOf, planText } from './plan.ts';
import { rolledBack, statementOf } from './sql-path.ts';

/** Everything that expired before this moment is swept. */
interface Sweep {
  readonly before: string;
}

const file = 'session-sweep';

/** Sessions of the path expired within these minutes of 1970, when nobody's did. */
const markedMinutes = 60;

/** Rows of a batch, of the statement. */
const batchRows = 100;

const uses: ExpectedPlan = { indexes: [['idx_user_sessions_expires']] };

const minute = (count: number) => new Date(count * 60_000).toISOString();

/** Most sweeps have little to do; one that was late has more; some have nothing. */
const parameters = {
  hot: [10, 5, 20].map((count) => ({ before: minute(count) })),
  cold: [markedMinutes].map((count) => ({ before: minute(count) })),
  absent: [{ before: minute(0) }],
};

export const sessionSweep: QueryPath = {
  name: 'expired-session sweep',
  description: 'A batch of sessions that have expired is deleted, and the transaction taken back.',
  plan: planText(uses),
  shares: usualShares,
  objective: { p99Ms: 20 },
  writes: `${writesOfMarkedUser}; every sweep is rolled back`,
  reads: ['users', 'user_sessions'],
  missing: (running) => missingTables(running, 'taishang_users', ['users', 'user_sessions']),
  prepare,
};

async function prepare({ running }: PathContext): Promise<PreparedPath> {
  await using stack = new AsyncDisposableStack();
  const { client } = stack.use(await openPrimary(running, { database: 'taishang_users', role: 'taishang_user' }));
  await refuseOthersRows(client);
  const user = stack.use(await createMarkedUser(client));
  await client.query(
    `INSERT INTO user_sessions (user_id, session_token, expires_at)
     SELECT $1, $2 || number, 'epoch'::timestamptz + number * interval '1 minute'
     FROM generate_series(0, ${markedMinutes - 1}) AS number`,
    [user.id, `sandbox-bench-${user.id}-`],
  );
  const statement = await statementOf(file);
  const sweep = async ({ before }: Sweep) =>
    rolledBack(client, async () => {
      const { rowCount } = await client.query({ name: file, text: statement, values: [before] });
      return rowCount ?? 0;
    });
  const prepared = preparePath<Sweep, number>({
    parameters,
    shares: sessionSweep.shares,
    request: sweep,
    bare: () => client.query({ name: 'bare', text: 'SELECT 1' }),
    plan: ({ before }) => planOf({ client, name: file, statement, values: [before], uses }),
    answer: String,
    known: async (asked) => {
      const counts: string[] = [];
      for (const { before } of asked) counts.push(String(await markedBefore(client, before)));
      return counts;
    },
    dispose: async () => {},
  });
  const kept = stack.move();
  return { ...prepared, [Symbol.asyncDispose]: () => kept[Symbol.asyncDispose]() };
}

/** Marked sessions of all who measure now, a batch of them at most. */
async function markedBefore(client: Client, before: string): Promise<number> {
  const { rows } = await client.query<{ count: number }>(
    "SELECT count(*)::int AS count FROM user_sessions WHERE expires_at < $1 AND session_token LIKE 'sandbox-bench-%'",
    [before],
  );
  return Math.min(rows[0]?.count ?? 0, batchRows);
}

/** The sweep goes by time alone: nothing of anybody else's may be in that time. */
async function refuseOthersRows(client: Client): Promise<void> {
  const { rowCount } = await client.query(
    "SELECT FROM user_sessions WHERE expires_at < $1 AND session_token NOT LIKE 'sandbox-bench-%' LIMIT 1",
    [minute(markedMinutes)],
  );
  if (rowCount === 0) return;
  throw new SandboxError({
    code: 'BENCH_NOT_POSSIBLE',
    engine: 'postgresql',
    message: `user_sessions has sessions that expired before ${minute(markedMinutes)}: the sweep would take them too.`,
    next: 'Measure the other paths: name them after `bench`.',
  });
}
