import { AsyncDisposableStack } from '../../../../core/disposable-stack.ts';
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
import { lines, type Row, statementOf } from './sql-path.ts';

interface Preference {
  readonly key: string;
  /** Asked for under a key that was never there. */
  readonly isNew: boolean;
}

const file = 'preference-upsert';

const uses: ExpectedPlan = { indexes: [['user_preferences_user_id_preference_key_key']], arbiter: true };

/** A favourite is changed again and again; a new one is there from then on, so each is of another key. */
const parameters = {
  hot: ['theme', 'language'].map((key) => ({ key, isNew: false })),
  cold: Array.from({ length: 50 }, (_, index) => ({ key: `rare-${index}`, isNew: false })),
  absent: [{ key: 'new', isNew: true }],
};

export const preferenceUpsert: QueryPath = {
  name: 'preference upsert',
  description: "One of a user's preferences is set: changed where it is there, added where it is not.",
  plan: planText(uses),
  shares: usualShares,
  objective: { p99Ms: 20 },
  writes: writesOfMarkedUser,
  reads: ['users', 'user_preferences'],
  missing: (running) => missingTables(running, 'taishang_users', ['users', 'user_preferences']),
  prepare,
};

/** A record in the log that no table has (PostgreSQL manual, "Replication Management Functions"), and its commit. */
const commitOfOneRecord = "SELECT pg_logical_emit_message(true, 'sandbox-bench', '')";

async function prepare({ running }: PathContext): Promise<PreparedPath> {
  await using stack = new AsyncDisposableStack();
  const { client } = stack.use(await openPrimary(running, { database: 'taishang_users', role: 'taishang_user' }));
  const user = stack.use(await createMarkedUser(client));
  const statement = await statementOf(file);
  let added = 0;
  const valuesOf = ({ key, isNew }: Preference) => {
    added += isNew ? 1 : 0;
    return [user.id, isNew ? `${key}-${added}` : key, JSON.stringify({ changed: added })];
  };
  const upsert = async (values: readonly string[]) =>
    (await client.query<Row>({ name: file, text: statement, values: [...values] })).rows;
  for (const preference of [...parameters.hot, ...parameters.cold]) await upsert(valuesOf(preference));
  const prepared = preparePath<Preference, readonly Row[]>({
    parameters,
    shares: preferenceUpsert.shares,
    request: (preference) => upsert(valuesOf(preference)),
    bare: () => client.query({ name: 'bare', text: 'SELECT 1' }),
    // It waits for the disk as the upsert does.
    yardstick: () => client.query({ name: 'yardstick', text: commitOfOneRecord }),
    plan: (preference) =>
      planOf({
        client,
        name: file,
        statement,
        values: valuesOf(preference),
        uses,
      }),
    answer: (rows) => lines(rows.map(({ inserted }) => [inserted])),
    known: async (asked) => asked.map(({ isNew }) => lines([[isNew]])),
    dispose: async () => {},
  });
  const kept = stack.move();
  return { ...prepared, [Symbol.asyncDispose]: () => kept[Symbol.asyncDispose]() };
}
