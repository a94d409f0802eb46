import { expect } from 'vitest';
import { test } from '../../../../sandbox/harness/vitest/test.ts';

test('leaves a table', async ({ postgresql, environment }) => {
  const pool = await postgresql.client();
  await pool.query('create table left_behind ()');
  await pool.query('select email from users where full_name = $1', ['nobody']);
  expect(environment).toEqual(postgresql.environment);
});

test('finds none, and fails', async ({ postgresql }) => {
  const pool = await postgresql.client();
  const { rows } = await pool.query("select to_regclass('left_behind') as found");
  expect(rows).toEqual([{ found: null }]);
  await pool.query('create table of_the_failed_test ()');
  expect.fail('on purpose');
});

test('names no store', () => {});
