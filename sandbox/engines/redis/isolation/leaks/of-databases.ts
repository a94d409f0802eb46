import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { Leak, Place } from '../../../contract/isolation.ts';
import { databaseOf, isAllowed, lossOf, open, withClients } from './clients.ts';

const name = () => `leak:${randomUUID()}`;

/** What of a key of the attacker's the victim sees under the same name. */
async function seenOf(victim: Redis, key: string): Promise<readonly string[]> {
  return (await victim.exists(key)) === 1 ? [`key ${key}`] : [];
}

/** Keys, and the ways from one database into another. */
export const leaksOfDatabases: readonly Leak[] = [
  {
    name: 'keys',
    verdict: 'isolated',
    attempt: (...places) =>
      withClients(places, async (attacker, victim) => {
        const key = name();
        await attacker.set(key, 1);
        const listed = (await victim.keys('leak:*')).flatMap((each) => (each === key ? [`KEYS lists ${each}`] : []));
        return [...(await seenOf(victim, key)), ...listed];
      }),
  },
  {
    name: 'expiry',
    verdict: 'isolated',
    attempt: (...places) =>
      withClients(places, async (attacker, victim) => {
        const key = name();
        await victim.set(key, 1);
        await attacker.set(key, 1);
        await attacker.pexpire(key, 600_000);
        const lifetimeMs = await victim.pttl(key);
        await victim.del(key);
        return lifetimeMs < 0 ? [] : [`it goes in ${lifetimeMs} ms`];
      }),
  },
  {
    name: 'consumer groups of streams',
    verdict: 'isolated',
    attempt: (...places) =>
      withClients(places, async (attacker, victim) => {
        const [key, group] = [name(), name()];
        await victim.xadd(key, '*', 'of', 'victim');
        await attacker.xgroup('CREATE', key, group, '0', 'MKSTREAM');
        await attacker.xreadgroup('GROUP', group, 'attacker', 'STREAMS', key, '>');
        const groups = JSON.stringify(await victim.xinfo('GROUPS', key));
        await victim.del(key);
        return groups.includes(group) ? [`group ${group}`] : [];
      }),
  },
  {
    name: 'WATCH',
    verdict: 'isolated',
    attempt: (...places) =>
      withClients(places, async (attacker, victim) => {
        const key = name();
        await victim.watch(key);
        await attacker.set(key, 1);
        const done = await victim.multi().set(key, 2).del(key).exec();
        return done === null ? ['its transaction was given up'] : [];
      }),
  },
  {
    name: 'FLUSHDB',
    verdict: 'isolated',
    attempt: (...places) => withClients(places, (attacker, victim) => lossOf(victim, () => attacker.flushdb())),
  },
  {
    name: 'FLUSHALL',
    verdict: 'isolated',
    attempt: (...places) =>
      withClients(places, (attacker, victim) => lossOf(victim, () => isAllowed(() => attacker.flushall()))),
  },
  {
    name: 'SWAPDB',
    verdict: 'isolated',
    attempt: (...places) =>
      withClients(places, async (attacker, victim) => {
        const [from, to] = places.map(databaseOf) as [number, number];
        // The one that all have beside it where both are in one.
        const other = from === to ? to + 1 : to;
        let swapped = false;
        const seen = await lossOf(victim, async () => {
          swapped = await isAllowed(() => attacker.call('SWAPDB', from, other));
        });
        if (swapped) await attacker.call('SWAPDB', from, other);
        return seen;
      }),
  },
  {
    name: 'SELECT of another database',
    verdict: 'isolated',
    attempt: writingInto((attacker, key, database) =>
      isAllowed(async () => {
        await attacker.select(database);
        await attacker.set(key, 1);
      }),
    ),
  },
  {
    name: 'SELECT in a script',
    verdict: 'isolated',
    attempt: writingInto((attacker, key, database) => {
      const script = "redis.call('SELECT', ARGV[1]); return redis.call('SET', KEYS[1], 1)";
      return isAllowed(() => attacker.eval(script, 1, key, database));
    }),
  },
  {
    name: 'COPY into another database',
    verdict: 'isolated',
    note: 'The command is refused altogether: no rule is about its argument DB.',
    attempt: writingInto(async (attacker, key, database) => {
      const own = name();
      await attacker.set(own, 1);
      return isAllowed(() => attacker.copy(own, key, 'DB', database));
    }),
  },
  {
    name: 'MOVE into another database',
    verdict: 'isolated',
    attempt: async (attacker, victim) => {
      // A key cannot be moved to where it is: what there is to see in one database is that the server would move it.
      if (databaseOf(attacker) === databaseOf(victim)) {
        return withClients([attacker, victim], async (own, other) => {
          const key = name();
          await own.set(key, 1);
          const isShared = (await other.exists(key)) === 1;
          const moved = await isAllowed(() => own.move(key, databaseOf(victim) + 1));
          return isShared && moved && (await other.exists(key)) === 0 ? [`key ${key} is in another database`] : [];
        });
      }
      return writingInto(async (own, key, database) => {
        await own.set(key, 1);
        return isAllowed(() => own.move(key, database));
      })(attacker, victim);
    },
  },
  {
    name: 'database 0 of clients that select none',
    verdict: 'detected',
    note: "A connection begins in database 0, and no rule of Redis says in which database a command runs. Give a client the database of the place's address: drivers take it from there.",
    attempt: async (attacker, victim) => {
      const key = name();
      const [one, other] = [attacker, victim].map(withoutDatabase) as [string, string];
      await using own = await open(one);
      await using theirs = await open(other);
      // It goes by itself: whoever deleted it here would also hide it.
      await own.client.set(key, 1, 'PX', 60_000);
      return await seenOf(theirs.client, key);
    },
  },
];

function withoutDatabase({ uri }: Place): string {
  const url = new URL(uri);
  url.pathname = '';
  return url.href;
}

function writingInto(write: (attacker: Redis, key: string, database: number) => Promise<unknown>): Leak['attempt'] {
  return (attacker, victim) =>
    withClients([attacker, victim], async (own, other) => {
      const key = name();
      await write(own, key, databaseOf(victim));
      return seenOf(other, key);
    });
}
