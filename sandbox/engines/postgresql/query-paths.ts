import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from 'pg';
import type { Dataset } from '../../../seeds/dataset.ts';
import type { User } from '../../../seeds/entities.ts';
import type { PlanCheck, PreparedPath, QueryPath } from '../query-path.ts';
import type { RunningEngine } from '../topology.ts';
import { openPrimary } from './connection.ts';
import { userByEmailReference } from './pgbench.ts';

export const queryPaths: readonly QueryPath[] = [
  {
    name: 'user by e-mail',
    description: 'What a login does: one row of users by its unique e-mail.',
    prepare,
    reference: userByEmailReference,
  },
];

async function prepare(running: RunningEngine, dataset: Dataset): Promise<PreparedPath> {
  const text = await readFile(join(import.meta.dirname, 'queries', 'user-by-email.sql'), 'utf8');
  const opened = await openPrimary(running, { database: 'taishang_users', role: 'taishang_user' });
  const { client } = opened;
  const users = await firstUsers(dataset);
  const at = (iteration: number) => users[iteration % users.length] as User;
  const find = async (iteration: number) => {
    // Named: parsed and planned once for the connection.
    const { rows } = await client.query<{ id: string }>({
      name: 'user-by-email',
      text,
      values: [at(iteration).email],
    });
    return rows[0];
  };
  return {
    run: async (iteration) => {
      await find(iteration);
    },
    runBare: async () => {
      await client.query({ name: 'bare', text: 'SELECT 1' });
    },
    checkPlan: () => checkPlan(client, text, at(0).email),
    checkAnswer: async () => {
      const expected = at(0).id;
      const actual = (await find(0))?.id ?? 'no row';
      return { expected, actual, ok: actual === expected };
    },
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
}

async function firstUsers(dataset: Dataset): Promise<readonly User[]> {
  for await (const users of dataset.batches('users')) return users;
  throw new Error('the dataset has no users');
}

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Index Name'?: string;
}

async function checkPlan(client: Client, text: string, email: string): Promise<PlanCheck> {
  const { rows } = await client.query<{ 'QUERY PLAN': { Plan: PlanNode }[] }>(`EXPLAIN (FORMAT JSON) ${text}`, [email]);
  const plan = rows[0]?.['QUERY PLAN'][0]?.Plan;
  const expected = 'Index Scan on idx_users_email';
  const actual = `${plan?.['Node Type']} on ${plan?.['Index Name'] ?? 'the table'}`;
  return { expected, actual, ok: actual === expected };
}
