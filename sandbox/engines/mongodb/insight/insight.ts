import type { Db } from 'mongodb';
import { SandboxError } from '../../../core/errors.ts';
import type { Insight, ObservedQuery } from '../../contract/insight.ts';
import { withClient } from '../server/connection.ts';
import { type Asked, askedOf, type Profiled } from './commands.ts';
import { scansOf } from './scans.ts';

/** Everything is profiled; what is slow is asked of what is there (MongoDB documentation, "Database Profiler"). */
const everything = 2;

/** The profiler of a place's database. */
export const insight: Insight = {
  seen: 'commands with their times, in the profiler; indexes, by `explain`',
  limits: [
    'the profiler keeps the last megabyte: of a test that asks for more, the earliest queries are not seen',
    'documents that a cursor hands out later count with the query that opened it',
    'a router of a sharded cluster has no profiler',
  ],
  async watch(running, { id }) {
    if (running.topology === 'clustered') throw noProfiler();
    await withClient(running, async (_, client) => client.db(id).command({ profile: everything }));
    return {
      queries: () => withClient(running, (_, client) => observe(client.db(id))),
      [Symbol.asyncDispose]: () => withClient(running, (_, client) => stop(client.db(id))),
    };
  },
};

/** What is logged of one test must not be found by the next one. */
async function stop(database: Db): Promise<void> {
  await database.command({ profile: 0 });
  await database.dropCollection('system.profile').catch(() => undefined);
}

async function observe(database: Db): Promise<readonly ObservedQuery[]> {
  const seen = new Map<string, { readonly asked: Asked; calls: number; slowestMs: number }>();
  for await (const entry of database.collection<Profiled>('system.profile').find()) {
    const asked = askedOf(entry);
    if (asked === undefined) continue;
    const query = seen.get(asked.statement) ?? { asked, calls: 0, slowestMs: 0 };
    seen.set(asked.statement, query);
    query.calls += 1;
    query.slowestMs = Math.max(query.slowestMs, entry.millis ?? 0);
  }
  const found: ObservedQuery[] = [];
  for (const { asked, calls, slowestMs } of seen.values()) {
    found.push({ statement: asked.statement, calls, slowestMs, scans: await scansIn(database, asked) });
  }
  return found;
}

/** With the values of the first one that asked so. */
async function scansIn(database: Db, { explainable }: Asked): Promise<readonly string[]> {
  const [name, collection] = Object.entries(explainable)[0] ?? [];
  if (name === 'insert') return [];
  try {
    const plan = await database.command({ explain: explainable, verbosity: 'queryPlanner' });
    return [...new Set(scansOf(plan))].map((fields) => `${collection}, for ${fields}`);
  } catch {
    // A collection that is gone, or a command that a stand-in does not explain.
    return [];
  }
}

function noProfiler(): SandboxError {
  return new SandboxError({
    code: 'NOT_SUPPORTED',
    engine: 'mongodb',
    message: 'A router of a sharded cluster has no profiler.',
    next: 'Start MongoDB as standalone or replicated.',
  });
}
