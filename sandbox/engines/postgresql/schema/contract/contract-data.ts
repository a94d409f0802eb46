import assert from 'node:assert/strict';
import type { Client } from 'pg';
import type { ContractCase } from '../../../contract/schema.ts';
import type { RunningEngine } from '../../../contract/topology.ts';
import { assertRefused, refusals, withRollback } from './contract-support.ts';

const application = { database: 'taishang_users', role: 'taishang_user' } as const;

export const dataCases: readonly ContractCase[] = [
  { name: 'a level outside 0 to 5 is refused', run: levelsAreChecked },
  { name: 'a second user with an e-mail or a name is refused', run: usersAreUnique },
  { name: 'a session, preference or permission of nobody is refused', run: orphansAreRefused },
  { name: 'the same permission without a resource is refused twice', run: permissionsAreUnique },
  { name: 'deleting a user deletes what belongs to it', run: deletingCascades },
  { name: 'an update sets updated_at', run: triggersWork },
  { name: 'a vector of another dimension is refused, and neighbours come back in order', run: vectorsWork },
  { name: 'a place is found within a distance in metres', run: placesWork },
  { name: 'negative and out-of-range activity is refused', run: activityIsChecked },
];

const insertUser =
  'INSERT INTO users (username, email, password_hash, silicon_level) VALUES ($1, $2, $3, $4) RETURNING id';

async function addUser(client: Client, name: string): Promise<string> {
  const { rows } = await client.query<{ id: string }>(insertUser, [name, `${name}@example.org`, 'hash', 0]);
  return rows[0]?.id ?? '';
}

async function levelsAreChecked(running: RunningEngine): Promise<void> {
  await withRollback(running, application, async (client) => {
    const user = await addUser(client, 'contract-levels');
    for (const axis of ['silicon', 'consciousness', 'thinking']) {
      for (const level of [-1, 6]) {
        const statement = `UPDATE users SET ${axis}_level = $1 WHERE id = $2`;
        await assertRefused(client, refusals.check, statement, [level, user]);
      }
      await client.query(`UPDATE users SET ${axis}_level = 5 WHERE id = $1`, [user]);
    }
    await assertRefused(client, refusals.check, "UPDATE users SET status = 'unheard of' WHERE id = $1", [user]);
    await assertRefused(client, refusals.tooLong, insertUser, ['n'.repeat(51), 'long@example.org', 'hash', 0]);
  });
}

async function usersAreUnique(running: RunningEngine): Promise<void> {
  await withRollback(running, application, async (client) => {
    await addUser(client, 'contract-unique');
    const [name, email] = ['contract-unique', 'contract-unique@example.org'];
    await assertRefused(client, refusals.unique, insertUser, ['another', email, 'hash', 0]);
    await assertRefused(client, refusals.unique, insertUser, [name, 'another@example.org', 'hash', 0]);
    await assertRefused(client, refusals.notNull, insertUser, ['another', null, 'hash', 0]);
  });
}

async function orphansAreRefused(running: RunningEngine): Promise<void> {
  await withRollback(running, application, async (client) => {
    const nobody = '00000000-0000-4000-8000-000000000000';
    const orphans = [
      'INSERT INTO user_sessions (user_id, session_token, expires_at) VALUES ($1, gen_random_uuid()::text, NOW())',
      "INSERT INTO user_preferences (user_id, preference_key, preference_value) VALUES ($1, 'k', '1')",
      "INSERT INTO user_permissions (user_id, permission_name) VALUES ($1, 'p')",
    ];
    for (const statement of orphans) await assertRefused(client, refusals.foreignKey, statement, [nobody]);
  });
}

async function permissionsAreUnique(running: RunningEngine): Promise<void> {
  await withRollback(running, application, async (client) => {
    const user = await addUser(client, 'contract-permission');
    const grant = "INSERT INTO user_permissions (user_id, permission_name) VALUES ($1, 'read')";
    await client.query(grant, [user]);
    await assertRefused(client, refusals.unique, grant, [user]);
    const preference = "INSERT INTO user_preferences (user_id, preference_key, preference_value) VALUES ($1, 'k', '1')";
    await client.query(preference, [user]);
    await assertRefused(client, refusals.unique, preference, [user]);
  });
}

async function deletingCascades(running: RunningEngine): Promise<void> {
  await withRollback(running, application, async (client) => {
    const user = await addUser(client, 'contract-cascade');
    await client.query(
      "INSERT INTO user_sessions (user_id, session_token, expires_at) VALUES ($1, 'contract-cascade', NOW())",
      [user],
    );
    await client.query('DELETE FROM users WHERE id = $1', [user]);
    const { rowCount } = await client.query('SELECT FROM user_sessions WHERE user_id = $1', [user]);
    assert.equal(rowCount, 0, 'a session outlived its user');
  });
}

async function triggersWork(running: RunningEngine): Promise<void> {
  await withRollback(running, application, async (client) => {
    const user = await addUser(client, 'contract-trigger');
    await client.query(
      `INSERT INTO user_preferences (user_id, preference_key, preference_value, updated_at) VALUES ($1, 'k', '1', '2000-01-01')`,
      [user],
    );
    const updates = [
      `UPDATE users SET full_name = 'x', updated_at = '2000-01-01' WHERE id = $1 RETURNING updated_at = NOW() AS now`,
      `UPDATE user_preferences SET preference_value = '2' WHERE user_id = $1 RETURNING updated_at = NOW() AS now`,
    ];
    for (const update of updates) {
      const { rows } = await client.query<{ now: boolean }>(update, [user]);
      assert.equal(rows[0]?.now, true, update);
    }
  });
}

async function vectorsWork(running: RunningEngine): Promise<void> {
  await withRollback(running, { database: 'taishang_ai', role: 'taishang_ai_user' }, async (client) => {
    const insert = 'INSERT INTO knowledge_embeddings VALUES ($1, $1, $1, $2, $3::vector)';
    const unit = (axis: number, dimension = 768) =>
      `[${Array.from({ length: dimension }, (_, index) => (index === axis ? 1 : 0)).join(',')}]`;
    await assertRefused(client, refusals.wrongDimension, insert, ['contract', 0, unit(0, 767)]);
    await assertRefused(client, refusals.check, insert, ['contract', 6, unit(0)]);
    await client.query(insert, ['contract-near', 0, unit(0)]);
    await client.query(insert, ['contract-far', 0, unit(1)]);
    const { rows } = await client.query<{ distance: number }>(
      `SELECT embedding <=> $1::vector AS distance FROM knowledge_embeddings
       WHERE knowledge_id IN ('contract-near', 'contract-far') ORDER BY embedding <=> $1::vector`,
      [unit(0)],
    );
    assert.deepEqual(
      rows.map(({ distance }) => distance),
      [0, 1],
    );
  });
}

async function placesWork(running: RunningEngine): Promise<void> {
  await withRollback(running, { database: 'taishang_data', role: 'taishang_user' }, async (client) => {
    const user = '00000000-0000-4000-8000-00000000c0de';
    await client.query(
      `INSERT INTO user_locations SELECT gen_random_uuid(), $1, label, position::geography, NOW()
       FROM (VALUES ('here', 'SRID=4326;POINT(0 0)'), ('111 km north', 'SRID=4326;POINT(0 1)')) AS v (label, position)`,
      [user],
    );
    const near = `SELECT label FROM user_locations WHERE user_id = $1 AND ST_DWithin(position, 'SRID=4326;POINT(0 0)', $2) ORDER BY label`;
    const within = async (metres: number) =>
      (await client.query<{ label: string }>(near, [user, metres])).rows.map(({ label }) => label);
    assert.deepEqual(await within(110_000), ['here']);
    assert.deepEqual(await within(111_000), ['111 km north', 'here']);
  });
}

async function activityIsChecked(running: RunningEngine): Promise<void> {
  await withRollback(running, { database: 'taishang_analytics' }, async (client) => {
    const insert = 'INSERT INTO daily_activity VALUES (gen_random_uuid(), NOW(), $1, $2, 0, 0)';
    await assertRefused(client, refusals.check, insert, [6, 0]);
    await assertRefused(client, refusals.check, insert, [0, -1]);
  });
}
