import assert from 'node:assert/strict';
import { Client, DatabaseError } from 'pg';
import type { ContractCase } from '../../../contract/schema.ts';
import { firstNode, type RunningEngine } from '../../../contract/topology.ts';
import { databases, type Role } from '../../server/connection.ts';
import { assertRefused, refusals, withRollback } from './contract-support.ts';

/** Databases that each role may connect to. */
const mayConnect: Readonly<Record<Exclude<Role, 'postgres' | 'replicator'>, readonly string[]>> = {
  taishang_user: ['taishang_users', 'taishang_data'],
  taishang_ai_user: ['taishang_ai'],
  taishang_analytics_user: ['taishang_analytics'],
};

export const roleCases: readonly ContractCase[] = [
  { name: 'each role reaches its own databases and no other', run: connectionsAreGranted },
  { name: 'taishang_user creates and uses tables in its databases', run: applicationOwnsItsTables },
  { name: 'taishang_analytics_user reads and does nothing else', run: analystsRead },
  { name: 'replicator replicates and does nothing else', run: replicatorReplicates },
  { name: 'a wrong password is refused, and passwords are kept as SCRAM verifiers', run: passwordsAreChecked },
];

/** SQLSTATE of a refused connection, or `undefined` where it was accepted. */
async function refusalOf(
  running: RunningEngine,
  user: string,
  database: string,
  options: { readonly password?: string; readonly replication?: boolean } = {},
): Promise<string | undefined> {
  const { host, port } = firstNode(running);
  const client = new Client({
    host,
    port,
    database,
    user,
    password: options.password ?? running.secrets[user] ?? '',
    connectionTimeoutMillis: 10_000,
    ...(options.replication ? { replication: 'true' } : {}),
  });
  client.on('error', () => {});
  try {
    await client.connect();
    if (options.replication) await client.query('IDENTIFY_SYSTEM');
    return undefined;
  } catch (thrown) {
    if (thrown instanceof DatabaseError) return thrown.code;
    throw thrown;
  } finally {
    await client.end().catch(() => {});
  }
}

async function connectionsAreGranted(running: RunningEngine): Promise<void> {
  for (const [role, allowed] of Object.entries(mayConnect)) {
    for (const database of databases) {
      const wanted = allowed.includes(database) ? undefined : refusals.noPrivilege;
      assert.equal(await refusalOf(running, role, database), wanted, `${role} on ${database}`);
    }
  }
}

async function applicationOwnsItsTables(running: RunningEngine): Promise<void> {
  for (const database of mayConnect.taishang_user) {
    await withRollback(running, { database, role: 'taishang_user' }, async (client) => {
      await client.query('CREATE TABLE contract_own (id serial PRIMARY KEY, note text)');
      await client.query("INSERT INTO contract_own (note) VALUES ('mine')");
      await client.query('ALTER TABLE contract_own ADD COLUMN more int');
      const { rows } = await client.query<{ note: string }>('SELECT note FROM contract_own');
      assert.deepEqual(rows, [{ note: 'mine' }]);
      await client.query('DROP TABLE contract_own');
      await assertRefused(client, refusals.noPrivilege, 'SELECT rolpassword FROM pg_authid');
      await assertRefused(client, refusals.noPrivilege, 'DROP TABLE sandbox.applied');
    });
  }
}

async function analystsRead(running: RunningEngine): Promise<void> {
  const target = { database: 'taishang_analytics', role: 'taishang_analytics_user' } as const;
  await withRollback(running, target, async (client) => {
    await client.query('SELECT count(*) FROM daily_activity');
    const forbidden = [
      'INSERT INTO daily_activity VALUES (gen_random_uuid(), NOW(), 0, 0, 0, 0)',
      'UPDATE daily_activity SET sessions = 0',
      'DELETE FROM daily_activity',
      'TRUNCATE daily_activity',
      'CREATE TABLE contract_not_allowed ()',
      'CREATE SCHEMA contract_not_allowed',
      'CREATE TEMPORARY TABLE contract_not_allowed ()',
    ];
    for (const statement of forbidden) await assertRefused(client, refusals.noPrivilege, statement);
  });
}

async function replicatorReplicates(running: RunningEngine): Promise<void> {
  const replication = true;
  assert.equal(await refusalOf(running, 'replicator', 'postgres', { replication }), undefined, 'it cannot replicate');
  const wrong = { password: 'wrong', replication };
  assert.equal(await refusalOf(running, 'replicator', 'postgres', wrong), '28P01', 'a wrong password was accepted');
  assert.equal(
    await refusalOf(running, 'taishang_user', 'postgres', { replication }),
    '28000',
    'taishang_user replicates',
  );
  for (const database of databases) {
    assert.equal(await refusalOf(running, 'replicator', database), '28000', `replicator reached ${database}`);
  }
}

async function passwordsAreChecked(running: RunningEngine): Promise<void> {
  for (const [role, [database = '']] of Object.entries(mayConnect)) {
    assert.equal(await refusalOf(running, role, database, { password: 'wrong' }), '28P01', role);
  }
  await withRollback(running, { database: 'postgres' }, async (client) => {
    const { rows } = await client.query<{ rolname: string }>(
      "SELECT rolname FROM pg_authid WHERE rolcanlogin AND rolpassword NOT LIKE 'SCRAM-SHA-256$%'",
    );
    assert.deepEqual(rows, [], 'a password is kept in another form');
  });
}
