import assert from 'node:assert/strict';
import { type Client, DatabaseError } from 'pg';
import type { RunningEngine } from '../../../contract/topology.ts';
import { openPrimary, type Target } from '../../server/connection.ts';

/** Runs `work` in a transaction that is taken back: a case leaves the data as it found it. */
export async function withRollback<Value>(
  running: RunningEngine,
  target: Target,
  work: (client: Client) => Promise<Value>,
): Promise<Value> {
  await using opened = await openPrimary(running, target);
  await opened.client.query('BEGIN');
  try {
    return await work(opened.client);
  } finally {
    await opened.client.query('ROLLBACK').catch(() => {});
  }
}

/** Fails unless the server itself refuses the statement with this SQLSTATE. The transaction goes on. */
export async function assertRefused(
  client: Client,
  code: string,
  statement: string,
  values: readonly unknown[] = [],
): Promise<void> {
  await client.query('SAVEPOINT before_refusal');
  try {
    await client.query(statement, [...values]);
  } catch (thrown) {
    if (!(thrown instanceof DatabaseError)) throw thrown;
    await client.query('ROLLBACK TO SAVEPOINT before_refusal');
    assert.equal(thrown.code, code, `${statement} was refused with ${thrown.code} (${thrown.message})`);
    return;
  }
  assert.fail(`${statement} was not refused`);
}

/** SQLSTATEs (PostgreSQL documentation, appendix A). */
export const refusals = {
  check: '23514',
  unique: '23505',
  foreignKey: '23503',
  notNull: '23502',
  tooLong: '22001',
  wrongDimension: '22000',
  noPrivilege: '42501',
} as const;
