import { expect, test } from 'vitest';
import { mongoClientFromEnvironment } from '../../sandbox/engines/mongodb/server/client.ts';
import { createFollowingPool } from '../../sandbox/engines/postgresql/server/following-pool.ts';
import { createFollowingClient } from '../../sandbox/engines/qdrant/server/following-client.ts';
import { createRedisClient, redisClientFromEnvironment } from '../../sandbox/engines/redis/server/client.ts';

const refused: readonly (readonly [string, () => unknown])[] = [
  ...[
    '',
    'redis://user@host',
    'postgresql://host/database',
    'postgresql://user:secret@',
    'postgresql://user:secret@host:port/database',
    'postgresql://user:secret@host:1,:2/database',
    'postgresql://user:secret@host:1/database?target_session_attrs=first',
    undefined,
  ].map((url) => [`PostgreSQL at ${url}`, () => createFollowingPool(url as string)] as const),
  ...['', ',', 'http://a:1,', 'a:6333', 'redis://a:1', undefined].map(
    (urls) => [`Qdrant at ${urls}`, () => createFollowingClient(urls as string, 'secret')] as const,
  ),
  ...[{ timeoutMs: 0 }, { timeoutMs: Number.NaN }, { first: -1 }, { first: 0.5 }].map(
    (options) =>
      [`Qdrant with ${JSON.stringify(options)}`, () => createFollowingClient('http://a:1', 'secret', options)] as const,
  ),
  ...[
    {},
    { REDIS_URL: '' },
    { REDIS_URL: 'localhost' },
    { REDIS_URL: 'http://:secret@a:1' },
    { REDIS_CLUSTER_NODES: 'a' },
    { REDIS_CLUSTER_NODES: 'a:1,' },
    { REDIS_SENTINELS: ':1' },
    { REDIS_SENTINELS: 'a:port' },
    { REDIS_SENTINELS: 'a:1', REDIS_NAT_MAP: '{' },
  ].map((set) => [`Redis of ${JSON.stringify(set)}`, () => redisClientFromEnvironment(set)] as const),
  [
    'Redis without a contact',
    () => createRedisClient({ kind: 'single', contacts: [], password: 'secret', addressMap: {} }),
  ],
  ...[{}, { MONGODB_URI: '' }, { MONGODB_URI: 'http://user:secret@a:1' }, { MONGODB_URI: 'mongodb://' }].map(
    (set) => [`MongoDB of ${JSON.stringify(set)}`, () => mongoClientFromEnvironment(set)] as const,
  ),
];

test.each(refused)('%s is refused, and no password told', (_, open) => {
  expect(open).toThrow(expect.objectContaining({ code: 'BAD_OPTION', message: expect.not.stringContaining('secret') }));
});
