import type { Damage } from './damages.ts';

const users = 'taishang_users';

/** Of rows, sequences and large objects. */
export const damagesOfData: readonly Damage[] = [
  {
    name: 'one changed byte',
    part: `${users}.public.orders`,
    make: "UPDATE orders SET note = 'ordes 7' WHERE id = 7",
    undo: "UPDATE orders SET note = 'order 7' WHERE id = 7",
  },
  {
    name: 'one changed number of a vector',
    part: 'taishang_ai.public.knowledge_embeddings',
    make: `CREATE TEMPORARY TABLE kept AS SELECT * FROM knowledge_embeddings ORDER BY knowledge_id LIMIT 1;
           UPDATE knowledge_embeddings e
           SET embedding = e.embedding + (ARRAY[0.001]::real[] || array_fill(0::real, ARRAY[767]))::vector
           FROM kept k WHERE k.knowledge_id = e.knowledge_id`,
    undo: `UPDATE knowledge_embeddings e SET embedding = k.embedding FROM kept k WHERE k.knowledge_id = e.knowledge_id;
           DROP TABLE kept`,
  },
  {
    name: 'a missing row',
    part: 'taishang_analytics.public.daily_activity',
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
];

/** Of tables and what is defined on them. */
export const damagesOfObjects: readonly Damage[] = [
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
    make: 'ALTER INDEX idx_knowledge_embeddings_cosine SET (m = 8)',
    undo: 'ALTER INDEX idx_knowledge_embeddings_cosine RESET (m)',
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
    name: 'a changed view',
    part: `${users} views`,
    make: 'CREATE OR REPLACE VIEW recent_orders AS SELECT id, note FROM orders WHERE id > 30',
    undo: 'CREATE OR REPLACE VIEW recent_orders AS SELECT id, note FROM orders WHERE id > 40',
  },
  {
    name: 'a type with another label',
    part: `${users} types`,
    make: "ALTER TYPE mood RENAME VALUE 'busy' TO 'hectic'",
    undo: "ALTER TYPE mood RENAME VALUE 'hectic' TO 'busy'",
  },
];
