import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from 'pg';
import { AsyncDisposableStack } from '../../../core/disposable-stack.ts';
import type { Insight, ObservedQuery } from '../../contract/insight.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { primaryFirst } from '../../shared/server/primary-first.ts';
import { primaryThatAnswers } from '../failover/rejoin.ts';
import { databaseOfPlace } from '../isolation/marks.ts';
import { type DatabaseName, databases, openPrimary, workingRoles } from '../server/connection.ts';
import { identifier } from '../server/statements.ts';
import { type PlanNode, scansOf } from './scans.ts';

/** Where the platform's schema has the extension: its view is of all databases. */
const viewedFrom: DatabaseName = 'taishang_data';

interface Row {
  readonly database: string;
  readonly statement: string;
  readonly calls: number;
  readonly slowest_ms: number;
}

/**
 * What `pg_stat_statements` has of a place's databases. Each is cloned anew for a test, under another number, so that nothing
 * of an earlier one counts.
 */
export const insight: Insight = {
  seen: 'statements with their times, in `pg_stat_statements`; indexes, by `EXPLAIN (GENERIC_PLAN)` with sequential scans switched off, so that small tables do not hide what is missing',
  limits: [
    'only the execution of a statement is timed; not its planning, nor the wait for a connection',
    'a statement inside of a function counts as the one that called it',
    'a statement whose plan depends on what type a value has is not looked at for indexes, where the server cannot tell it',
  ],
  watch: async (running, { id }) => ({
    queries: async () => observe(await primaryFirst(running, primaryThatAnswers), id),
    async [Symbol.asyncDispose]() {},
  }),
};

async function observe(running: RunningEngine, place: string): Promise<readonly ObservedQuery[]> {
  const statements = await readFile(join(import.meta.dirname, 'statements.sql'), 'utf8');
  await using opened = await openPrimary(running, { database: viewedFrom });
  // By their names: those of the test before are still there under others, until they are dropped.
  const names = databases.map((database) => databaseOfPlace(place, database));
  const { rows } = await opened.client.query<Row>(statements, [names]);
  await using planners = new AsyncDisposableStack();
  const clients = new Map<string, Client>();
  const found: ObservedQuery[] = [];
  for (const { database, statement, calls, slowest_ms: slowestMs } of rows) {
    const client = clients.get(database) ?? planners.use(await openPlanner(running, database, place)).client;
    clients.set(database, client);
    found.push({ statement, calls, slowestMs, scans: await scansIn(client, statement) });
  }
  return found;
}

/** As the role that the place works as there: names are found, and policies of rows apply, as for the test. */
async function openPlanner(running: RunningEngine, database: string, place: string) {
  const opened = await openPrimary(running, { database });
  const role = workingRoles[database.replace(`${place}_`, 'taishang_') as DatabaseName];
  // Whatever is sequential then has no index that would help, however small its table is.
  await opened.client.query(`SET enable_seqscan TO off; SET statement_timeout TO '2s'; SET ROLE ${identifier(role)}`);
  return opened;
}

/** Planned with parameters in place of values, and never run (PostgreSQL documentation, "EXPLAIN": `GENERIC_PLAN`). */
async function scansIn(client: Client, statement: string): Promise<readonly string[]> {
  try {
    // With values of its own, the protocol would ask for one of each parameter.
    const { rows } = await client.query<{ 'QUERY PLAN': readonly { readonly Plan: PlanNode }[] }>(
      `EXPLAIN (GENERIC_PLAN, FORMAT JSON) ${statement}`,
    );
    return rows.flatMap((row) => row['QUERY PLAN'].flatMap(({ Plan: plan }) => scansOf(plan)));
  } catch {
    // One that cannot be planned without its values, such as INTERVAL $1, or of a table that is gone.
    return [];
  }
}
