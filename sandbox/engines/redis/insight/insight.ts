import type { Redis } from 'ioredis';
import { deadlineMs } from '../../../core/deadlines.ts';
import { AsyncDisposableStack } from '../../../core/disposable-stack.ts';
import type { Insight, ObservedQuery } from '../../contract/insight.ts';
import { firstNode, type RunningEngine } from '../../contract/topology.ts';
import { primaryFirst } from '../../shared/server/primary-first.ts';
import { ownUser } from '../backup/acl-file.ts';
import { openClient, openExternal } from '../server/connection.ts';
import { primaryNode } from '../server/masters.ts';
import { type AskedCommands, askedCommands, statementOf } from './monitored.ts';

/** Commands of the place's database, as the server shows them to whoever watches, and its log of slow ones. */
export const insight: Insight = {
  seen: 'commands, by `MONITOR`; slow ones, in `SLOWLOG`; `KEYS` and `SCAN`, which read all keys',
  limits: [
    'the server tells how long a command took only where that is more than its `slowlog-log-slower-than` (10 ms)',
    'while somebody watches, the server is slower for all: MONITOR shows every command of every client',
    'what a script calls is part of the script',
  ],
  async watch(running, { uri }) {
    await using opening = new AsyncDisposableStack();
    const client = opening.use(await openServerOf(running, uri));
    const database = Number(new URL(uri).pathname.slice(1));
    const since = await lastSlow(client);
    const [, watcher] = / addr=(\S+)/.exec(String(await client.client('INFO'))) ?? [];
    const monitor = opening.adopt(await client.monitor(), (each) => each.disconnect());
    const asked = askedCommands(database, watcher);
    monitor.on('monitor', (_time, words: readonly string[], source: string, number: string) => {
      asked.note({ database: Number(number), client: source, words });
    });
    const resources = opening.move();
    return {
      async queries() {
        await untilShown(client, monitor);
        return observe(asked, await slowOf(client, since, asked.clients));
      },
      [Symbol.asyncDispose]: () => resources[Symbol.asyncDispose](),
    };
  },
};

/**
 * Of a place that is a server, its own; of one that is a database, that of the stack: its user may not watch. One that a test
 * has left paused never answers, and its place comes back only once nobody watches it.
 */
async function openServerOf(running: RunningEngine, uri: string): Promise<Redis & AsyncDisposable> {
  const bounds = { commandTimeoutMs: deadlineMs('roleKnown') };
  if (new URL(uri).username === ownUser) return openExternal(uri, bounds);
  const server = await primaryFirst(running, primaryNode);
  return openClient(firstNode(server), server.secrets, bounds);
}

/** An entry of the log: its number, its time, how long it took in microseconds, what it was, and who asked. */
type SlowEntry = readonly [number, number, number, readonly string[], string?, string?];

async function lastSlow(client: Redis): Promise<number> {
  const [last] = (await client.slowlog('GET', 1)) as readonly SlowEntry[];
  return last?.[0] ?? -1;
}

/** The slowest by statement, of these clients alone. */
async function slowOf(
  client: Redis,
  since: number,
  clients: ReadonlySet<string>,
): Promise<ReadonlyMap<string, number>> {
  const entries = (await client.slowlog('GET', -1)) as readonly SlowEntry[];
  const slowest = new Map<string, number>();
  for (const [number, , tookUs, words, source = ''] of entries) {
    if (number <= since || !clients.has(source)) continue;
    const statement = statementOf(words);
    slowest.set(statement, Math.max(slowest.get(statement) ?? 0, tookUs / 1_000));
  }
  return slowest;
}

/** A command of ours that has been shown comes after all that was asked before it. */
async function untilShown(client: Redis, monitor: Redis): Promise<void> {
  const mark = `taishang:watched:${crypto.randomUUID()}`;
  const shown = new Promise<void>((resolve, reject) => {
    monitor.on('monitor', (_time, words: readonly string[]) => words.includes(mark) && resolve());
    monitor.once('close', () => reject(new Error('the server ended while its commands were watched')));
  });
  await Promise.all([shown, client.echo(mark)]);
}

function observe({ byStatement }: AskedCommands, slowest: ReadonlyMap<string, number>): readonly ObservedQuery[] {
  return [...byStatement].map(([statement, query]) => {
    const slowestMs = slowest.get(statement);
    return { statement, ...query, ...(slowestMs === undefined ? {} : { slowestMs }) };
  });
}
