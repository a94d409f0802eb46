import type { OfferedReads, ProfileUser } from '../../contract/bench/platform-reads.ts';
import { openPrimary } from '../server/connection.ts';
import { missingTables } from './query-paths/missing-tables.ts';
import { statementOf } from './query-paths/sql-path.ts';

/** Users by their id. */
export const platformReads: OfferedReads = {
  names: ['storedUser', 'someUserIds'],
  reads: { storedUser: ['users'] },
  missing: (running) => missingTables(running, 'taishang_users', ['users']),
  open: async (running) => {
    const opened = await openPrimary(running, { database: 'taishang_users', role: 'taishang_user' });
    const { client } = opened;
    const text = await statementOf('user-by-id');
    return {
      storedUser: async (id) => {
        const { rows } = await client.query<ProfileUser>({ name: 'user-by-id', text, values: [id] });
        return rows[0];
      },
      someUserIds: async (limit) => {
        const { rows } = await client.query<{ id: string }>(
          'SELECT id FROM users ORDER BY last_login_at DESC NULLS LAST LIMIT $1',
          [limit],
        );
        return rows.map(({ id }) => id);
      },
      [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
    };
  },
};
