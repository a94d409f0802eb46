import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Fingerprint } from '../../../sandbox/engines/contract/data.ts';
import type { RunningEngine } from '../../../sandbox/engines/contract/topology.ts';
import { postgresql } from '../../../sandbox/engines/postgresql/engine.ts';
import type { Stack } from '../../../sandbox/stack/create-stack.ts';
import { differences } from '../support/backup-folder.ts';
import { additions, damagesOfRights } from '../support/postgresql/damages.ts';
import { damagesOfData, damagesOfObjects } from '../support/postgresql/damages-of-data.ts';
import { seededStack, withClient } from '../support/postgresql/stack.ts';

const users = 'taishang_users';
const damages = [...damagesOfData, ...damagesOfObjects, ...damagesOfRights];

describe('the fingerprint', () => {
  let stack: Stack<'postgresql'>;
  let running: RunningEngine;
  let intact: Fingerprint;

  beforeAll(async () => {
    stack = await seededStack();
    running = stack.engines.postgresql;
    await withClient(running, users, (client) => client.query(additions));
    intact = await postgresql.data.fingerprint(running);
  });
  afterAll(() => stack?.dispose());

  test.each(damages)('shows $name', async ({ part, make, undo }) => {
    const database = /^taishang_\w+/.exec(part)?.[0] ?? users;
    // One connection for both: what a damage keeps in a temporary table must be there to undo it.
    await withClient(running, database, async (client) => {
      await client.query(make);
      try {
        expect(differences(intact, await postgresql.data.fingerprint(running))).toContain(part);
      } finally {
        await client.query(undo);
      }
    });
    expect(differences(intact, await postgresql.data.fingerprint(running))).toEqual([]);
  });

  test('shows a missing database, and one that nobody asked for', async () => {
    await withClient(running, 'postgres', (client) =>
      client.query('ALTER DATABASE taishang_analytics RENAME TO taishang_other'),
    );
    try {
      const found = differences(intact, await postgresql.data.fingerprint(running));
      expect(found).toContain('taishang_analytics.public.daily_activity');
      expect(found).toContain('taishang_other.public.daily_activity');
    } finally {
      await withClient(running, 'postgres', (client) =>
        client.query('ALTER DATABASE taishang_other RENAME TO taishang_analytics'),
      );
    }
    expect(differences(intact, await postgresql.data.fingerprint(running))).toEqual([]);
  });

  test.each([
    [
      'rows are written in another order',
      users,
      'CLUSTER users USING idx_users_email; ALTER TABLE users SET WITHOUT CLUSTER',
    ],
    ['a sequence has gone on', users, "SELECT setval('orders_id_seq', 82)"],
    ['what is granted by default is written down', users, 'REVOKE ALL ON sandbox.dataset FROM taishang_user'],
    ['a session prefers other forms', users, `ALTER ROLE postgres IN DATABASE ${users} SET datestyle = 'German'`],
  ])('stays the same where %s', async (_, database, change) => {
    const before = await postgresql.data.fingerprint(running);
    await withClient(running, database, (client) => client.query(change));
    const changed = differences(before, await postgresql.data.fingerprint(running));
    expect(changed.filter((part) => part !== `${users} settings`)).toEqual([]);
    await withClient(running, database, (client) => client.query(`ALTER ROLE postgres IN DATABASE ${users} RESET ALL`));
  });
});
