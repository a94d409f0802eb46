import { Cluster, type Redis } from 'ioredis';
import type { PlanCheck } from '../../../contract/bench/query-path.ts';
import { isExternal, type ReachableEngine } from '../../../contract/topology.ts';
import type { RedisClient } from '../../server/client.ts';

/** What one request makes the server do, by the names of its own statistics. */
export type ExpectedCommands = Partial<Readonly<Record<Counter, number>>>;

type Counter = 'GET' | 'SET' | 'FCALL' | 'hits' | 'misses';

type Counts = Readonly<Record<Counter, number>>;

/** Requests whose effect on the counters is looked at. */
const plannedRequests = 20;

/** The counters are the server's: another client's command at the same moment is among them. */
const attempts = 3;

/** Redis has no planner: what a path costs is what the server counts. */
export async function commandsCheck(
  client: RedisClient,
  running: ReachableEngine,
  request: () => Promise<unknown>,
  expectedEach: ExpectedCommands,
): Promise<PlanCheck> {
  const names = Object.keys(expectedEach) as readonly Counter[];
  const textOf = (counts: ExpectedCommands) => names.map((name) => `${counts[name] ?? 0} ${name}`).join(', ');
  const expected = textOf(expectedEach);
  const counted: string[] = [];
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const before = await countersOf(client);
    for (let done = 0; done < plannedRequests; done += 1) await request();
    const after = await countersOf(client);
    const each = names.map((name) => [name, (after[name] - before[name]) / plannedRequests] as const);
    const actual = textOf(Object.fromEntries(each));
    if (actual === expected) return { expected, actual, ok: true };
    counted.push(actual);
  }
  const actual = counted.at(-1) ?? '';
  // A request that does something else does the same each time; what others do beside it comes as it comes.
  const isAlwaysSame = counted.every((text) => text === actual);
  if (!isExternal(running) && isAlwaysSame) return { expected, actual, ok: false };
  return { expected, actual: `not checked: others use the server too, which counted ${actual}`, ok: null };
}

/** A cluster's are those of its masters together. */
async function countersOf(client: RedisClient): Promise<Counts> {
  const all = await Promise.all((client instanceof Cluster ? client.nodes('master') : [client]).map(countersOfNode));
  return all.reduce((sum, one) => {
    const names = Object.keys(one) as readonly Counter[];
    return Object.fromEntries(names.map((name) => [name, sum[name] + one[name]])) as Counts;
  });
}

async function countersOfNode(client: Redis): Promise<Counts> {
  const [stats, commands] = await Promise.all([client.info('stats'), client.info('commandstats')]);
  const number = (text: string, pattern: RegExp) => Number(pattern.exec(text)?.[1] ?? 0);
  return {
    GET: number(commands, /^cmdstat_get:calls=(\d+)/m),
    SET: number(commands, /^cmdstat_set:calls=(\d+)/m),
    FCALL: number(commands, /^cmdstat_fcall:calls=(\d+)/m),
    hits: number(stats, /^keyspace_hits:(\d+)/m),
    misses: number(stats, /^keyspace_misses:(\d+)/m),
  };
}
