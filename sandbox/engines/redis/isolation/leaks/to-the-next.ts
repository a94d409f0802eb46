import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { Leak } from '../../../contract/isolation.ts';
import { open } from './clients.ts';

const library = "#!lua name=leak_of_before\nredis.register_function('leak_of_before', function() return 1 end)";
const script = "return 'leak of before'";

/** What a test does to a server that the next one has after its reset. What is found there is removed. */
export const leaksToTheNext: readonly Leak[] = [
  left('settings of an earlier test', {
    leave: (client) => client.config('SET', 'slowlog-max-len', '130'),
    async find(client) {
      const [, value] = (await client.config('GET', 'slowlog-max-len')) as readonly string[];
      await client.config('SET', 'slowlog-max-len', '128');
      return value === '130';
    },
  }),
  left('users of an earlier test', {
    leave: (client) => client.call('ACL', 'SETUSER', 'leak-of-before', 'on', 'nopass'),
    find: async (client) => (await client.acl('DELUSER', 'leak-of-before')) === 1,
  }),
  left('functions of an earlier test', {
    leave: (client) => client.function('LOAD', library),
    async find(client) {
      const isThere = JSON.stringify(await client.function('LIST')).includes('leak_of_before');
      if (isThere) await client.function('DELETE', 'leak_of_before');
      return isThere;
    },
  }),
  left('scripts of an earlier test', {
    leave: (client) => client.eval(script, 0),
    async find(client) {
      const hash = createHash('sha1').update(script).digest('hex');
      const [isThere] = (await client.script('EXISTS', hash)) as [number];
      return isThere === 1;
    },
  }),
  left('keys of other databases', {
    async leave(client) {
      await client.select(5);
      await client.set('leak:of before', 1);
    },
    async find(client) {
      await client.select(5);
      return (await client.del('leak:of before')) === 1;
    },
  }),
  left('slow commands of an earlier test', {
    async leave(client) {
      await client.config('SET', 'slowlog-log-slower-than', '0');
      await client.echo('leak of before');
      await client.config('SET', 'slowlog-log-slower-than', '10000');
    },
    find: async (client) => JSON.stringify(await client.slowlog('GET', -1)).includes('leak of before'),
  }),
];

interface Left {
  readonly leave: (client: Redis) => Promise<unknown>;
  /** Whether it is there, and removes it. */
  readonly find: (client: Redis) => Promise<boolean>;
}

function left(name: string, { leave, find }: Left): Leak {
  return {
    name,
    verdict: 'isolated',
    async attempt(attacker) {
      await using own = await open(attacker.uri);
      await leave(own.client);
      return [];
    },
    async afterReset(place) {
      await using own = await open(place.uri);
      return (await find(own.client)) ? [`${name} are there`] : [];
    },
  };
}
