import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunningEngine } from '../../../../sandbox/engines/contract/topology.ts';
import { databases, openPrimary } from '../../../../sandbox/engines/postgresql/server/connection.ts';
import type { Breakage, SchemaTrial } from './schema-trial.ts';

async function inDatabase(running: RunningEngine, database: string, ...statements: readonly string[]): Promise<void> {
  await using opened = await openPrimary(running, { database });
  for (const statement of statements) await opened.client.query(statement);
}

const inUsers = (told: readonly string[], ...statements: readonly string[]): Breakage => ({
  act: (running) => inDatabase(running, 'taishang_users', ...statements),
  told,
});

const elsewhere = (database: string, told: readonly string[], ...statements: readonly string[]): Breakage => ({
  act: (running) => inDatabase(running, database, ...statements),
  told,
});

const alone = (breakage: Breakage): Breakage => ({ ...breakage, alone: true });

const defaultsOfIds = ['user_permissions', 'user_preferences', 'user_sessions', 'users'].map(
  (table) => `column ${table}.id different`,
);

/** None of them meets what the service has added: dropping that would be the breakage's doing. */
const breakages: readonly Breakage[] = [
  inUsers(['index idx_users_silicon_level missing'], 'DROP INDEX idx_users_silicon_level'),
  inUsers(
    ['index idx_users_status different'],
    'DROP INDEX idx_users_status',
    "CREATE INDEX idx_users_status ON users (status) WHERE status = 'active'",
  ),
  inUsers(['constraint idx_users_email on users missing'], 'ALTER TABLE users DROP CONSTRAINT idx_users_email'),
  // With rows that it would not have let in.
  inUsers(
    ['constraint users_silicon_level_check on users missing'],
    'ALTER TABLE users DROP CONSTRAINT users_silicon_level_check',
    'UPDATE users SET silicon_level = 9',
  ),
  inUsers(
    ['constraint users_thinking_level_check on users different'],
    'ALTER TABLE users DROP CONSTRAINT users_thinking_level_check',
    'ALTER TABLE users ADD CONSTRAINT users_thinking_level_check CHECK (thinking_level BETWEEN 0 AND 9)',
  ),
  inUsers(
    ['constraint user_sessions_user_id_fkey on user_sessions missing'],
    'ALTER TABLE user_sessions DROP CONSTRAINT user_sessions_user_id_fkey',
  ),
  inUsers(
    ['constraint user_preferences_user_id_fkey on user_preferences different'],
    'ALTER TABLE user_preferences DROP CONSTRAINT user_preferences_user_id_fkey',
    'ALTER TABLE user_preferences ADD CONSTRAINT user_preferences_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID',
  ),
  inUsers(
    ['user_id_fkey', 'granted_by_fkey'].map(
      (key) => `constraint user_permissions_${key} on user_permissions different`,
    ),
    'ALTER TABLE user_permissions DISABLE TRIGGER ALL',
  ),
  inUsers(['column users.avatar_url missing'], 'ALTER TABLE users DROP COLUMN avatar_url'),
  inUsers(['column users.full_name different'], 'ALTER TABLE users ALTER full_name TYPE text'),
  inUsers(['column users.status different'], "ALTER TABLE users ALTER status SET DEFAULT 'inactive'"),
  inUsers(['column users.password_hash different'], 'ALTER TABLE users ALTER password_hash DROP NOT NULL'),
  inUsers(['table user_sessions different'], 'ALTER TABLE user_sessions ENABLE ROW LEVEL SECURITY'),
  // An owner has no need of a right.
  inUsers(
    ['grant on TABLE user_preferences to taishang_user missing', 'table user_preferences different'],
    'ALTER TABLE user_preferences OWNER TO taishang_user',
  ),
  inUsers(
    ['trigger update_users_updated_at on users different'],
    'ALTER TABLE users DISABLE TRIGGER update_users_updated_at',
  ),
  inUsers(
    ['trigger update_user_preferences_updated_at on user_preferences missing'],
    'DROP TRIGGER update_user_preferences_updated_at ON user_preferences',
  ),
  inUsers(
    ['function update_updated_at_column() different'],
    'CREATE OR REPLACE FUNCTION update_updated_at_column() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END; $$',
  ),
  inUsers(['extension pgcrypto missing'], 'DROP EXTENSION pgcrypto'),
  inUsers(['grant on TABLE users to taishang_user different'], 'REVOKE SELECT ON users FROM taishang_user'),
  inUsers(['grant on SCHEMA public to taishang_user missing'], 'REVOKE ALL ON SCHEMA public FROM taishang_user'),
  elsewhere(
    'taishang_data',
    ['grant on DATABASE taishang_data to taishang_user different'],
    'REVOKE CONNECT ON DATABASE taishang_data FROM taishang_user',
  ),
  elsewhere(
    'taishang_analytics',
    ['default privileges on TABLES to taishang_analytics_user missing'],
    'ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON TABLES FROM taishang_analytics_user',
  ),
  elsewhere('postgres', ['role taishang_ai_user different'], 'ALTER ROLE taishang_ai_user NOLOGIN'),
  elsewhere(
    'taishang_ai',
    ['index idx_knowledge_embeddings_cosine missing'],
    'DROP INDEX idx_knowledge_embeddings_cosine',
  ),
  alone(
    inUsers(
      [
        'function update_updated_at_column() missing',
        'trigger update_user_preferences_updated_at on user_preferences missing',
        'trigger update_users_updated_at on users missing',
      ],
      'DROP FUNCTION update_updated_at_column CASCADE',
    ),
  ),
  alone(inUsers(['extension uuid-ossp missing', ...defaultsOfIds], 'DROP EXTENSION "uuid-ossp" CASCADE')),
  alone(inUsers(['table sandbox.applied missing', 'table sandbox.dataset missing'], 'DROP SCHEMA sandbox CASCADE')),
  alone(inUsers(['table user_preferences missing'], 'DROP TABLE user_preferences')),
  alone(
    elsewhere('postgres', ['database taishang_analytics missing'], 'DROP DATABASE taishang_analytics WITH (FORCE)'),
  ),
  // Without anything of a service's own a new database has the column in its place.
  alone(
    elsewhere('taishang_data', ['column user_locations.label missing'], 'ALTER TABLE user_locations DROP COLUMN label'),
  ),
];

export const postgresql: SchemaTrial = {
  add: (running) =>
    inDatabase(
      running,
      'taishang_users',
      `CREATE TABLE orders (user_id uuid REFERENCES users (id), number integer CHECK (number > 0))`,
      'INSERT INTO orders SELECT id, 1 FROM users',
      'ALTER TABLE users ADD COLUMN nickname text',
      'ALTER TABLE users ADD CONSTRAINT service_check CHECK (length(nickname) < 100)',
      'CREATE INDEX service_index ON users (phone)',
      'CREATE FUNCTION service_function() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END; $$',
      'CREATE TRIGGER service_trigger BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION service_function()',
      'CREATE VIEW service_view AS SELECT id, username FROM users',
      'ALTER TABLE orders ENABLE ROW LEVEL SECURITY',
      'CREATE POLICY service_policy ON orders USING (number > 1)',
      'CREATE ROLE service_reader',
      'GRANT SELECT ON users TO service_reader',
      'CREATE SEQUENCE service_sequence',
      "CREATE TYPE service_type AS ENUM ('one', 'two')",
      'CREATE SCHEMA service',
      'CREATE TABLE service.things (id integer PRIMARY KEY)',
      'CREATE EXTENSION hstore',
    ),
  breakages: () => breakages,
  /** By the query that a backup's catalogue is compared with, but for the order of columns: one that comes back is the last. */
  async catalogue(running) {
    const query = await readFile(
      join(import.meta.dirname, '../../../../sandbox/engines/postgresql/queries/fingerprint-catalogue.sql'),
      'utf8',
    );
    const lists = await Promise.all(
      databases.map(async (database) => {
        await using opened = await openPrimary(running, { database });
        const { rows } = await opened.client.query<{ kind: string; line: string }>(query, [database]);
        return rows.map(({ kind, line }) =>
          kind === 'columns' ? `${database} ${line.replace(/^(\S+) \d+ /, '$1 ')}` : `${database} ${kind} ${line}`,
        );
      }),
    );
    return lists.flat().toSorted();
  },
};
