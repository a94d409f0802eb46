import { Redis } from 'ioredis';
import { messageOf } from '../../../../core/errors.ts';
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
  return { client, [Symbol.asyncDispose]: async () => client.disconnect() };
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

type Words = readonly [string, ...(string | number)[]];

/** A command that reaches beyond a database: what there is to see of it is that the server takes it. */
export function refusedCommand(
  command: (victim: Place) => Words,
  undo?: (attacker: Redis) => Promise<unknown>,
): Leak['attempt'] {
  return (attacker, victim) =>
    withClients([attacker, victim], async (own) => {
      const [name, ...values] = command(victim);
      const taken = await isAllowed(() => own.call(name, ...values));
      if (taken) await undo?.(own);
      return taken ? [`${name} ${values.join(' ')} was taken`] : [];
    });
}

/** Number of a place's database. */
export function databaseOf({ uri }: Place): number {
  return Number(new URL(uri).pathname.slice(1) || '0');
}

/** What there is to see of an act: whether the victim's key is not any more what it was. */
export async function lossOf(victim: Redis, act: () => Promise<unknown>): Promise<readonly string[]> {
  const key = 'leak:of the victim';
  await victim.set(key, 'there');
  await act();
  const value = await victim.get(key);
  await victim.del(key);
  return value === 'there' ? [] : [`its key is ${value ?? 'gone'}`];
}
