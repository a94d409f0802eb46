import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { Leak, Place } from '../../../contract/isolation.ts';
import { actSeen, isAllowed, open, withClients } from './clients.ts';

const library = (name: string) => `#!lua name=${name}\nredis.register_function('${name}', function() return 1 end)`;

/** What a server has once, for all of its databases. */
export const leaksOfTheServer: readonly Leak[] = [
  {
    name: 'pub/sub',
    verdict: 'not isolated',
    note: 'Channels belong to no database. Name the channels of a test after its place, or listen to what this test published alone.',
    attempt: (...places) =>
      withClients(places, async (attacker, victim) => {
        const channel = `leak:${randomUUID()}`;
        await victim.subscribe(channel);
        return received(victim, 'message', () => attacker.publish(channel, 'hello'));
      }),
  },
  {
    name: 'keyspace notifications',
    verdict: 'isolated',
    attempt: (...places) =>
      withClients(places, async (attacker, victim) => {
        const setting = 'notify-keyspace-events';
        const isOn = await isAllowed(() => attacker.config('SET', setting, 'KEA'));
        await victim.psubscribe('__key*@*__:*');
        const seen = await received(victim, 'pmessage', () => attacker.set(`leak:${randomUUID()}`, 1));
        if (isOn) await attacker.config('SET', setting, '');
        return seen;
      }),
  },
  {
    name: 'functions',
    verdict: 'isolated',
    note: 'Libraries are loaded into the stack, where every place finds them: a place may call them alone.',
    attempt: (...places) =>
      withClients(places, async (attacker, victim) => {
        const name = `leak_${randomUUID().replaceAll('-', '')}`;
        const isLoaded = await isAllowed(() => attacker.function('LOAD', library(name)));
        const seen = JSON.stringify(await victim.function('LIST')).includes(name);
        if (isLoaded) await attacker.function('DELETE', name);
        return seen ? [`library ${name}`] : [];
      }),
  },
  {
    name: 'SCRIPT FLUSH',
    verdict: 'isolated',
    attempt: (...places) =>
      withClients(places, async (attacker, victim) => {
        const hash = String(await victim.script('LOAD', `return '${randomUUID()}'`));
        await isAllowed(() => attacker.script('FLUSH'));
        const [there] = (await victim.script('EXISTS', hash)) as [number];
        return there === 1 ? [] : ['its script is gone'];
      }),
  },
  {
    name: 'cache of scripts',
    verdict: 'not isolated',
    note: 'A script is known by the hash of its text, in every database: EVALSHA may find one that only another test has sent. Drivers that answer NOSCRIPT by EVAL do not notice.',
    attempt: (...places) =>
      withClients(places, async (attacker, victim) => {
        const hash = String(await attacker.script('LOAD', `return '${randomUUID()}'`));
        const [there] = (await victim.script('EXISTS', hash)) as [number];
        return there === 1 ? [`script ${hash}`] : [];
      }),
  },
  {
    name: 'ACL users',
    verdict: 'isolated',
    attempt: actSeen({
      act: (own) => own.call('ACL', 'SETUSER', 'leak', 'on', 'nopass'),
      look: async (victim) => ((await victim.acl('USERS')) as readonly string[]).filter((name) => name === 'leak'),
      undo: (own) => own.acl('DELUSER', 'leak'),
    }),
  },
  {
    name: 'CONFIG SET',
    verdict: 'isolated',
    attempt: actSeen({
      act: (own) => own.config('SET', 'slowlog-max-len', '129'),
      look: async (victim) => {
        const [, value] = (await victim.config('GET', 'slowlog-max-len')) as readonly string[];
        return value === '129' ? ['slowlog-max-len is 129'] : [];
      },
      undo: (own) => own.config('SET', 'slowlog-max-len', '128'),
    }),
  },
  {
    name: 'CONFIG RESETSTAT',
    verdict: 'isolated',
    attempt: actSeen({
      async act(own, victim) {
        await victim.call('LOLWUT', 'VERSION', 1);
        await own.config('RESETSTAT');
      },
      look: async (victim) =>
        (await victim.info('commandstats')).includes('cmdstat_lolwut:') ? [] : ['its counts are gone'],
    }),
  },
  {
    name: 'CLIENT KILL',
    verdict: 'isolated',
    attempt: (...places) =>
      withClients(places, async (attacker, victim) => {
        const id = await victim.client('ID');
        await isAllowed(() => attacker.client('KILL', 'ID', id));
        return (await victim.ping().catch(() => undefined)) === 'PONG' ? [] : ['its connection is gone'];
      }),
  },
  {
    name: 'CLIENT PAUSE',
    verdict: 'isolated',
    attempt: actSeen({
      act: (own) => own.client('PAUSE', 600_000, 'WRITE'),
      look: async (victim) => ((await waits(victim)) ? ['its writes wait'] : []),
      undo: (own) => own.client('UNPAUSE'),
    }),
  },
  {
    name: 'CLIENT LIST',
    verdict: 'isolated',
    attempt: actSeen({
      async act(own, victim) {
        const name = `leak-${randomUUID()}`;
        await victim.client('SETNAME', name);
        return { name, clients: String(await own.client('LIST')) };
      },
      look: async (_, { name, clients }) => (clients.includes(name) ? [`client ${name}`] : []),
    }),
  },
  {
    name: 'SLOWLOG',
    verdict: 'isolated',
    attempt: actSeen({
      async act(own, victim) {
        await own.slowlog('GET', 1);
        await own.config('SET', 'slowlog-log-slower-than', '0');
        const mark = `leak-${randomUUID()}`;
        await victim.echo(mark);
        return { mark, log: JSON.stringify(await own.slowlog('GET', -1)) };
      },
      look: async (_, { mark, log }) => (log.includes(mark) ? [`ECHO ${mark}`] : []),
      undo: (own) => own.config('SET', 'slowlog-log-slower-than', '10000'),
    }),
  },
  { name: 'MONITOR', verdict: 'isolated', attempt: watched },
  {
    name: 'counts of INFO',
    verdict: 'not isolated',
    note: 'They are of the server: keys of each database by its number, commands, memory. Hold no test to them.',
    attempt: (...places) =>
      withClients(places, async (attacker, victim) => {
        const countOf = async () => /cmdstat_lolwut:calls=(\d+)/.exec(await victim.info('commandstats'))?.[1] ?? '0';
        const before = await countOf();
        await attacker.call('LOLWUT', 'VERSION', 1);
        const after = await countOf();
        return before === after ? [] : [`${after} calls of LOLWUT`];
      }),
  },
];

/**
 * What a client that has subscribed receives of an act. Messages come in the order of what the server does: an answer to
 * the listener itself comes after all that was sent to it before.
 */
async function received(
  listener: Redis,
  event: 'message' | 'pmessage',
  act: () => Promise<unknown>,
): Promise<readonly string[]> {
  const seen: string[] = [];
  listener.on(event, (...words: unknown[]) => seen.push(words.map(String).join(' ')));
  await act();
  await listener.ping();
  return seen;
}

/** Answers of the server, on another connection, within which a write that does not wait has its own. */
const answersMax = 100;

async function waits(client: Redis): Promise<boolean> {
  const other = client.duplicate();
  try {
    await other.ping();
    let isDone = false;
    const settle = () => {
      isDone = true;
    };
    client.del(`leak:${randomUUID()}`).then(settle, settle);
    for (let answers = 0; answers < answersMax && !isDone; answers += 1) await other.ping();
    return !isDone;
  } finally {
    other.disconnect();
  }
}

/** What of the victim's commands the attacker is shown. Each is shown before those that came later. */
async function watched(attacker: Place, victim: Place): Promise<readonly string[]> {
  await using asking = await open(attacker.uri);
  if (!(await isAllowed(() => asking.client.call('MONITOR')))) return [];
  return withClients([attacker, victim], async (own, theirs) => {
    const monitor = await own.monitor();
    try {
      const [mark, last] = [`leak-${randomUUID()}`, `last-${randomUUID()}`];
      const seen: string[] = [];
      const isOver = new Promise<void>((resolve) => {
        monitor.on('monitor', (_time, words: readonly string[]) => {
          if (words.includes(mark)) seen.push(words.join(' '));
          if (words.includes(last)) resolve();
        });
      });
      await theirs.echo(mark);
      await Promise.all([own.echo(last), isOver]);
      return seen;
    } finally {
      monitor.disconnect();
    }
  });
}
