import { expect, test } from 'vitest';
import type { Address, Isolation, Place } from '../../sandbox/engines/contract/isolation.ts';
import { isolation as mongodb } from '../../sandbox/engines/mongodb/isolation/isolation.ts';
import { isolation as neo4j } from '../../sandbox/engines/neo4j/isolation/isolation.ts';
import { isolation as postgresql } from '../../sandbox/engines/postgresql/isolation/isolation.ts';
import { isolation as qdrant } from '../../sandbox/engines/qdrant/isolation/isolation.ts';
import { isolation as redis } from '../../sandbox/engines/redis/isolation/isolation.ts';
import { readdress } from '../../sandbox/engines/shared/isolation/readdress.ts';

/** Each address another port, which no test's place has. */
async function led(isolation: Pick<Isolation, 'readdress'>, place: Omit<Place, 'id'>) {
  const asked: string[] = [];
  const through = async ({ host, port }: Address) => {
    asked.push(`${host}:${port}`);
    return { host: '127.0.0.1', port: port + 50_000 };
  };
  const { id, ...rest } = await (isolation.readdress ?? readdress)({ id: 'place', ...place }, through);
  return { asked: [...new Set(asked)], id, ...rest };
}

test('PostgreSQL: the server, the gate of the other databases, and the variables of libpq', async () => {
  const uri = 'postgresql://p_1:a-b_c@127.0.0.1:5001/p_1_users';
  const gate = (database: string) => `postgresql://p_1:a-b_c@127.0.0.1:6001/p_1_${database}`;
  const environment = {
    DATABASE_URL: uri,
    PGHOST: '127.0.0.1',
    PGPORT: '5001',
    PGUSER: 'p_1',
    DATABASE_AI_URL: gate('ai'),
  };
  expect(await led(postgresql as Isolation, { uri, environment })).toEqual({
    id: 'place',
    asked: ['127.0.0.1:5001', '127.0.0.1:6001'],
    uri: uri.replace('5001', '55001'),
    environment: {
      DATABASE_URL: uri.replace('5001', '55001'),
      PGHOST: '127.0.0.1',
      PGPORT: '55001',
      PGUSER: 'p_1',
      DATABASE_AI_URL: gate('ai').replace('6001', '56001'),
    },
  });
});

test('MongoDB: a server that is asked directly, and no set, whose members tell drivers where they are', async () => {
  const uri = 'mongodb://p_1:a%2Fb@127.0.0.1:5001/p_1?authSource=admin&directConnection=true';
  expect(await led(mongodb as Isolation, { uri, environment: { MONGODB_URI: uri } })).toMatchObject({
    uri: uri.replace('5001', '55001'),
    environment: { MONGODB_URI: uri.replace('5001', '55001') },
  });
  for (const hosts of ['a:5001', 'a:5001,b:5002,c:5003']) {
    const set = `mongodb://p_1:a@${hosts}/p_1?authSource=admin&replicaSet=taishang`;
    await expect(led(mongodb as Isolation, { uri: set, environment: {} })).rejects.toMatchObject({
      code: 'NOT_SUPPORTED',
    });
  }
});

test.each([
  ['Neo4j', neo4j, 'bolt://127.0.0.1:5001', { NEO4J_USERNAME: 'neo4j', NEO4J_PASSWORD: 'a-b' }],
  ['Redis', redis, 'redis://p_1:a-b@127.0.0.1:5001/7', {}],
  ['Qdrant', qdrant, 'http://127.0.0.1:5001', { QDRANT_API_KEY: 'a-b' }],
  ['an address of IPv6', {}, 'http://[::1]:5001/path?a=b:1', {}],
])('%s: one server, and nothing else of its variables', async (_title, isolation, uri, others) => {
  expect(await led(isolation as Isolation, { uri, environment: { ADDRESS: uri, ...others } })).toMatchObject({
    uri: uri.replace(/\[::1\]|127\.0\.0\.1/, '127.0.0.1').replace('5001', '55001'),
    environment: others,
  });
});
