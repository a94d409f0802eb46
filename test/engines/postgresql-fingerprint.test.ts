import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Fingerprint, RunningEngine } from '../../sandbox/engines/engine.ts';
import { postgresql } from '../../sandbox/engines/postgresql/engine.ts';
import type { Stack } from '../../sandbox/stack/create-stack.ts';
import { differences } from './support/backup-folder.ts';
import { seededStack, withClient } from './support/postgresql-stack.ts';

/** What the schema lacks and a backup must bring back all the same. */
const additions = `
  CREATE ROLE reporting NOLOGIN;
  GRANT reporting TO taishang_analytics_user;
  CREATE TABLE orders (id bigserial PRIMARY KEY, note text, CONSTRAINT orders_note CHECK (note <> ''));
  INSERT INTO orders (note) SELECT 'order ' || n FROM generate_series(1, 50) n;
  CREATE VIEW recent_orders AS SELECT id, note FROM orders WHERE id > 40;
  CREATE TYPE mood AS ENUM ('calm', 'busy');
  CREATE SEQUENCE free_sequence;
  CREATE POLICY own_orders ON orders USING (note IS NOT NULL);
  ALTER DATABASE taishang_users SET lock_timeout = '9s';
  ALTER ROLE taishang_user SET statement_timeout = '55s';
  COMMENT ON TABLE orders IS 'orders';
  SELECT lo_from_bytea(424242, 'a large object');
`;

interface Damage {
  readonly name: string;
  /** The part that must show it. */
  readonly part: string;
  /** Default: `taishang_users`. */
  readonly database?: string;
  readonly make: string;
  readonly undo: string;
}

const users = 'taishang_users';

const damages: readonly Damage[] = [
  {
    name: 'a dropped index',
    part: `${users} indexes`,
    make: 'DROP INDEX idx_users_status',
    undo: 'CREATE INDEX idx_users_status ON users (status)',
  },
  {
    name: 'an index with another option',
    part: `${users} indexes`,
    make: 'ALTER INDEX idx_users_status SET (fillfactor = 70)',
    undo: 'ALTER INDEX idx_users_status RESET (fillfactor)',
  },
  {
    name: 'a vector index with another option',
    part: 'taishang_ai indexes',
    database: 'taishang_ai',
    make: 'ALTER INDEX idx_knowledge_embeddings_cosine SET (m = 8)',
    undo: 'ALTER INDEX idx_knowledge_embeddings_cosine RESET (m)',
  },
  {
    name: 'a lost grant on a table',
    part: `${users} rights`,
    make: 'REVOKE DELETE ON users FROM taishang_user',
    undo: 'GRANT DELETE ON users TO taishang_user',
  },
  {
    name: 'a grant on a database that nobody gave',
    part: `${users} rights`,
    make: `GRANT CONNECT ON DATABASE ${users} TO PUBLIC`,
    undo: `REVOKE CONNECT ON DATABASE ${users} FROM PUBLIC`,
  },
  {
    name: 'a lost grant on a schema',
    part: `${users} rights`,
    make: 'REVOKE CREATE ON SCHEMA public FROM taishang_user',
    undo: 'GRANT CREATE ON SCHEMA public TO taishang_user',
  },
  {
    name: 'another owner of a table',
    part: `${users} tables`,
    make: 'ALTER TABLE sandbox.dataset OWNER TO taishang_user',
    undo: 'ALTER TABLE sandbox.dataset OWNER TO postgres',
  },
  {
    name: 'a lost default privilege',
    part: 'taishang_analytics default privileges',
    database: 'taishang_analytics',
    make: 'ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE SELECT ON TABLES FROM taishang_analytics_user',
    undo: 'ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO taishang_analytics_user',
  },
  {
    name: 'one changed byte',
    part: `${users}.public.orders`,
    make: "UPDATE orders SET note = 'ordes 7' WHERE id = 7",
    undo: "UPDATE orders SET note = 'order 7' WHERE id = 7",
  },
  {
    name: 'one changed number of a vector',
    part: 'taishang_ai.public.knowledge_embeddings',
    database: 'taishang_ai',
    make: `CREATE TABLE kept AS SELECT * FROM knowledge_embeddings ORDER BY knowledge_id LIMIT 1;
           UPDATE knowledge_embeddings e SET embedding = l2_normalize(e.embedding + k.embedding * 2) - e.embedding
           FROM kept k WHERE k.knowledge_id = e.knowledge_id`,
    undo: `UPDATE knowledge_embeddings e SET embedding = k.embedding FROM kept k WHERE k.knowledge_id = e.knowledge_id;
           DROP TABLE kept`,
  },
  {
    name: 'a missing row',
    part: 'taishang_analytics.public.daily_activity',
    database: 'taishang_analytics',
    make: `CREATE TEMPORARY TABLE kept AS SELECT * FROM daily_activity ORDER BY user_id, day LIMIT 1;
           DELETE FROM daily_activity d USING kept k WHERE (d.user_id, d.day) = (k.user_id, k.day)`,
    undo: 'INSERT INTO daily_activity SELECT * FROM kept; DROP TABLE kept',
  },
  {
    name: 'a row that is there twice',
    part: `${users}.sandbox.dataset`,
    make: `ALTER TABLE sandbox.dataset DROP CONSTRAINT dataset_pkey;
           INSERT INTO sandbox.dataset SELECT * FROM sandbox.dataset`,
    undo: `DELETE FROM sandbox.dataset d USING sandbox.dataset o WHERE d.fingerprint = o.fingerprint AND d.ctid > o.ctid;
           ALTER TABLE sandbox.dataset ADD PRIMARY KEY (fingerprint)`,
  },
  {
    name: 'a missing table',
    part: `${users} tables`,
    make: 'ALTER TABLE user_permissions SET SCHEMA sandbox',
    undo: 'ALTER TABLE sandbox.user_permissions SET SCHEMA public',
  },
  {
    name: 'a dropped constraint',
    part: `${users} constraints`,
    make: 'ALTER TABLE users DROP CONSTRAINT users_silicon_level_check',
    undo: 'ALTER TABLE users ADD CONSTRAINT users_silicon_level_check CHECK (silicon_level BETWEEN 0 AND 5)',
  },
  {
    name: 'a constraint that was not validated',
    part: `${users} constraints`,
    make: `ALTER TABLE orders DROP CONSTRAINT orders_note;
           ALTER TABLE orders ADD CONSTRAINT orders_note CHECK (note <> '') NOT VALID`,
    undo: 'ALTER TABLE orders VALIDATE CONSTRAINT orders_note',
  },
  {
    name: 'a foreign key that deletes no longer',
    part: `${users} constraints`,
    make: `ALTER TABLE user_sessions DROP CONSTRAINT user_sessions_user_id_fkey;
           ALTER TABLE user_sessions ADD CONSTRAINT user_sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id)`,
    undo: `ALTER TABLE user_sessions DROP CONSTRAINT user_sessions_user_id_fkey;
           ALTER TABLE user_sessions ADD CONSTRAINT user_sessions_user_id_fkey
           FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE`,
  },
  {
    name: 'a disabled trigger',
    part: `${users} triggers`,
    make: 'ALTER TABLE users DISABLE TRIGGER update_users_updated_at',
    undo: 'ALTER TABLE users ENABLE TRIGGER update_users_updated_at',
  },
  {
    name: 'a changed function',
    part: `${users} routines`,
    make: 'ALTER FUNCTION update_updated_at_column() SECURITY DEFINER',
    undo: 'ALTER FUNCTION update_updated_at_column() SECURITY INVOKER',
  },
  {
    name: 'a lost extension',
    part: `${users} extensions`,
    make: 'DROP EXTENSION pg_trgm',
    undo: 'CREATE EXTENSION pg_trgm',
  },
  {
    name: 'a sequence that was set back',
    part: `${users} sequences`,
    make: "SELECT setval('orders_id_seq', 49)",
    undo: "SELECT setval('orders_id_seq', 50)",
  },
  {
    name: 'a sequence with other steps',
    part: `${users} sequences`,
    make: 'ALTER SEQUENCE free_sequence INCREMENT BY 2',
    undo: 'ALTER SEQUENCE free_sequence INCREMENT BY 1',
  },
  {
    name: 'a changed attribute of a role',
    part: 'roles',
    make: 'ALTER ROLE taishang_ai_user CREATEDB',
    undo: 'ALTER ROLE taishang_ai_user NOCREATEDB',
  },
  {
    name: 'a lost setting of a role',
    part: 'roles',
    make: 'ALTER ROLE taishang_user RESET statement_timeout',
    undo: "ALTER ROLE taishang_user SET statement_timeout = '55s'",
  },
  {
    name: 'a lost membership',
    part: 'roles',
    make: 'REVOKE reporting FROM taishang_analytics_user',
    undo: 'GRANT reporting TO taishang_analytics_user',
  },
  {
    name: 'a changed default of a column',
    part: `${users} columns`,
    make: 'ALTER TABLE users ALTER silicon_level SET DEFAULT 2',
    undo: 'ALTER TABLE users ALTER silicon_level SET DEFAULT 1',
  },
  {
    name: 'a column that may be empty',
    part: `${users} columns`,
    make: 'ALTER TABLE user_sessions ALTER expires_at DROP NOT NULL',
    undo: 'ALTER TABLE user_sessions ALTER expires_at SET NOT NULL',
  },
  {
    name: 'a changed setting of a database',
    part: `${users} settings`,
    make: `ALTER DATABASE ${users} SET lock_timeout = '8s'`,
    undo: `ALTER DATABASE ${users} SET lock_timeout = '9s'`,
  },
  {
    name: 'a lost large object',
    part: `${users} large objects`,
    make: 'SELECT lo_unlink(424242)',
    undo: "SELECT lo_from_bytea(424242, 'a large object')",
  },
  {
    name: 'a changed large object',
    part: `${users} large objects`,
    make: "SELECT lo_put(424242, 2, 'L')",
    undo: "SELECT lo_put(424242, 2, 'l')",
  },
  {
    name: 'a changed view',
    part: `${users} views`,
    make: 'CREATE OR REPLACE VIEW recent_orders AS SELECT id, note FROM orders WHERE id > 30',
    undo: 'CREATE OR REPLACE VIEW recent_orders AS SELECT id, note FROM orders WHERE id > 40',
  },
  {
    name: 'a lost policy',
    part: `${users} policies`,
    make: 'DROP POLICY own_orders ON orders',
    undo: 'CREATE POLICY own_orders ON orders USING (note IS NOT NULL)',
  },
  {
    name: 'row security that is off',
    part: `${users} tables`,
    make: 'ALTER TABLE orders ENABLE ROW LEVEL SECURITY',
    undo: 'ALTER TABLE orders DISABLE ROW LEVEL SECURITY',
  },
  {
    name: 'a type with another label',
    part: `${users} types`,
    make: "ALTER TYPE mood RENAME VALUE 'busy' TO 'hectic'",
    undo: "ALTER TYPE mood RENAME VALUE 'hectic' TO 'busy'",
  },
  {
    name: 'a changed comment',
    part: `${users} comments`,
    make: "COMMENT ON TABLE orders IS 'odrers'",
    undo: "COMMENT ON TABLE orders IS 'orders'",
  },
];

describe('the fingerprint', () => {
  let stack: Stack<'postgresql'>;
  let running: RunningEngine;
  let intact: Fingerprint;

  beforeAll(async () => {
    stack = await seededStack();
    running = stack.engines.postgresql;
    await withClient(running, users, (client) => client.query(additions));
    intact = await postgresql.fingerprint(running);
  });
  afterAll(() => stack?.dispose());

  test.each(damages)('shows $name', async ({ part, database = users, make, undo }) => {
    // One connection for both: what a damage keeps in a temporary table must be there to undo it.
    await withClient(running, database, async (client) => {
      await client.query(make);
      try {
        expect(differences(intact, await postgresql.fingerprint(running))).toContain(part);
      } finally {
        await client.query(undo);
      }
    });
    expect(differences(intact, await postgresql.fingerprint(running))).toEqual([]);
  });

  test('shows a missing database, and one that nobody asked for', async () => {
    await withClient(running, 'postgres', (client) =>
      client.query('ALTER DATABASE taishang_analytics RENAME TO taishang_other'),
    );
    try {
      const found = differences(intact, await postgresql.fingerprint(running));
      expect(found).toContain('taishang_analytics.public.daily_activity');
      expect(found).toContain('taishang_other.public.daily_activity');
    } finally {
      await withClient(running, 'postgres', (client) =>
        client.query('ALTER DATABASE taishang_other RENAME TO taishang_analytics'),
      );
    }
    expect(differences(intact, await postgresql.fingerprint(running))).toEqual([]);
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
    const before = await postgresql.fingerprint(running);
    await withClient(running, database, (client) => client.query(change));
    const changed = differences(before, await postgresql.fingerprint(running));
    expect(changed.filter((part) => part !== `${users} settings`)).toEqual([]);
    await withClient(running, database, (client) => client.query(`ALTER ROLE postgres IN DATABASE ${users} RESET ALL`));
  });
});
