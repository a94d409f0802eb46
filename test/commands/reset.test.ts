import { Redis } from 'ioredis';
import pg from 'pg';
import { expect, test } from 'vitest';
import { runForDocument, stackFolder } from '../support/command.ts';

test('up --reset replaces the data of an engine with another schema alone', { timeout: 300_000 }, async () => {
  await using folder = await stackFolder();
  const here = { cwd: folder.path };
  const up = ['up', '--engines', 'postgresql,redis'];
  await runForDocument(up, here);
  const environment = await runForDocument<Record<string, string>>(['env'], here);
  const [key = ''] = await inRedis(environment, async (client) => {
    const keys = await client.keys('user:*');
    await client.del(keys[0] ?? '');
    await client.function('LOAD', 'REPLACE', `#!lua name=taishang\nredis.register_function('other', function() end)`);
    return keys;
  });
  expect(key).not.toBe('');
  const first = 'SELECT id FROM users ORDER BY id LIMIT 1';
  await inPostgresql(environment, (client) => client.query(`UPDATE users SET username = 'mine' WHERE id = (${first})`));

  await runForDocument([...up, '--reset'], here);
  const { rows } = await inPostgresql(environment, (client) =>
    client.query(`SELECT username FROM users WHERE id = (${first})`),
  );
  expect(rows).toEqual([{ username: 'mine' }]);
  await inRedis(environment, async (client) => {
    expect(await client.exists(key)).toBe(1);
    expect(JSON.stringify(await client.function('LIST'))).not.toContain('other');
  });

  await runForDocument(['seed', '--reset'], here);
  const again = await inPostgresql(environment, (client) => client.query("SELECT FROM users WHERE username = 'mine'"));
  expect(again.rowCount).toBe(0);
});

async function inRedis<Value>({ REDIS_URL = '' }: Record<string, string>, work: (client: Redis) => Promise<Value>) {
  const client = new Redis(REDIS_URL);
  try {
    return await work(client);
  } finally {
    client.disconnect();
  }
}

async function inPostgresql<Value>(
  { DATABASE_URL = '' }: Record<string, string>,
  work: (client: pg.Client) => Promise<Value>,
) {
  const client = new pg.Client({ connectionString: DATABASE_URL });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
