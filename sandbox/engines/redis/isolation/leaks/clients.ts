import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { deadlineMs } from '../../../../core/deadlines.ts';
import { messageOf } from '../../../../core/errors.ts';
import { withDeadline } from '../../../../core/within.ts';
import type { Leak, Place } from '../../../contract/isolation.ts';

/** Runs work in two places at once, each as its own user. What they leave in their own databases is theirs to lose. */
export async function withClients<Value>(
  [attacker, victim]: readonly [Place, Place],
  work: (attacker: Redis, victim: Redis) => Promise<Value>,
): Promise<Value> {
  await using one = await open(attacker.uri);
  await using other = await open(victim.uri);
  return await work(one.client, other.client);
}

export async function open(uri: string): Promise<{ readonly client: Redis } & AsyncDisposable> {
  const client = new Redis(uri, { lazyConnect: true, retryStrategy: () => null });
  client.on('error', () => {});
  await client.connect();
  return { client, [Symbol.asyncDispose]: () => end(client) };
}

/** Once the server knows of it, so that a reset that follows finds nobody. One that does not answer is left. */
async function end(client: Redis): Promise<void> {
  await withDeadline(client.quit(), deadlineMs('serverSelection')).catch(() => {});
  client.disconnect();
}

/** Whether the server does it. `false`: its rules refuse this user. Throws where it fails for any other reason. */
export async function isAllowed(act: () => Promise<unknown>): Promise<boolean> {
  try {
    await act();
    return true;
  } catch (thrown) {
    const message = messageOf(thrown);
    // Within a script the same is an error of the script.
    if (message.startsWith('NOPERM') || message.includes("can't run this command") || message.includes('permissions'))
      return false;
    throw thrown;
  }
}

interface Act<Value> {
  readonly act: (attacker: Redis, victim: Redis) => Promise<Value>;
  /** What the victim sees of it, or the attacker of the victim. */
  readonly look: (victim: Redis, answer: Value) => Promise<readonly string[]>;
  readonly undo?: (attacker: Redis) => Promise<unknown>;
}

/**
 * Something that reaches beyond a database: what is seen of it, and where the victim may not look, that the server does it
 * at all.
 */
export function actSeen<Value>({ act, look, undo }: Act<Value>): Leak['attempt'] {
  return (...places) =>
    withClients(places, async (attacker, victim) => {
      let answer: Value | undefined;
      const isDone = await isAllowed(async () => {
        answer = await act(attacker, victim);
      });
      if (!isDone) return [];
      let seen: readonly string[] = ['the server does it'];
      await isAllowed(async () => {
        seen = await look(victim, answer as Value);
      });
      await undo?.(attacker);
      return seen;
    });
}

/** Number of a place's database. */
export function databaseOf({ uri }: Place): number {
  return Number(new URL(uri).pathname.slice(1) || '0');
}

/** What there is to see of an act: whether the victim's key is not any more what it was. */
export async function lossOf(victim: Redis, act: () => Promise<unknown>): Promise<readonly string[]> {
  const key = `leak:${randomUUID()}`;
  await victim.set(key, 'there');
  await act();
  const value = await victim.get(key);
  await victim.del(key);
  return value === 'there' ? [] : [`its key is ${value ?? 'gone'}`];
}
