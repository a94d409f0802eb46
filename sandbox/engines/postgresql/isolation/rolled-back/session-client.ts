import type { Client, QueryResult } from 'pg';
import { testIsOver } from './errors.ts';
import type { Turns } from './turns.ts';

type Callback = (thrown: unknown, result?: QueryResult) => void;

/**
 * A client of a pool that is the session itself: `query` takes its turn, and `end` ends its transaction alone. Everything
 * else is the session's.
 */
export function sessionClient(session: Client, turns: Turns): Client {
  const own = new Map<PropertyKey, unknown>([
    ['connect', (callback?: Callback) => called(Promise.resolve(), callback)],
    ['end', (callback?: Callback) => called(turns.leave(client), callback)],
    ['query', query],
  ]);
  const client: Client = new Proxy(session, {
    get(target, name) {
      if (own.has(name)) return own.get(name);
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
    // What the pool notes of a client is of this one.
    set(_, name, value) {
      own.set(name, value);
      return true;
    },
  });
  return client;

  /** As `Client.query` of pg: a text or a configuration, values, a callback; or something that submits itself. */
  function query(first: unknown, second?: unknown, third?: unknown): unknown {
    if (isSubmittable(first)) {
      if (turns.isOver()) throw testIsOver();
      // Where that fails, this does too: it is sent behind it.
      turns.begin().catch(() => {});
      return session.query(first as never, second as never);
    }
    const config = typeof first === 'object' && first !== null ? (first as Record<string, unknown>) : { text: first };
    const { callback: ofConfig, ...sent } = config;
    const callback = [ofConfig, second, third].find((each) => typeof each === 'function') as Callback | undefined;
    const values = Array.isArray(second) ? second : undefined;
    const run = () => session.query(sent as never, values as never) as unknown as Promise<QueryResult>;
    return called(turns.take(client, String(sent.text ?? ''), run), callback);
  }
}

/** Streams and cursors: they are of the transaction that there is, and their errors end it. */
function isSubmittable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'submit' in value && typeof value.submit === 'function';
}

function called<Value>(work: Promise<Value>, callback?: Callback): Promise<Value> | undefined {
  if (callback === undefined) return work;
  work.then(
    (result) => process.nextTick(callback, null, result),
    (thrown) => process.nextTick(callback, thrown),
  );
  return undefined;
}
