import { expect } from 'vitest';
import { test } from '../../../../sandbox/harness/vitest/test.ts';

test.override('faults', ['postgresql']);

test('a service without its database, while the test looks at it', async ({ postgresql, environment, given }) => {
  expect(environment.DATABASE_URL).toBe(postgresql.uri);
  await postgresql.fault('down');
  const { id } = await given.user({ levels: { silicon: 2 } });
  await expect((await postgresql.client()).query('select 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  const direct = await postgresql.client({ direct: true });
  expect((await direct.query('select id from users')).rows).toEqual([{ id }]);
});

test('the next test, whose store is well', async ({ postgresql }) => {
  const client = await postgresql.client();
  expect((await client.query('select count(*)::int as users from users')).rows).toEqual([{ users: 0 }]);
});
