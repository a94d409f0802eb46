/** What the schema lacks and a backup must bring back all the same. */
export const additions = `
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

/** A way in which a database can be other than it was, and how to undo it on the same connection. */
export interface Damage {
  readonly name: string;
  /** The part that must show it; it begins with the database, except that of the roles. */
  readonly part: string;
  readonly make: string;
  readonly undo: string;
}

const users = 'taishang_users';

/** Of who may do what, and of what belongs to no table. */
export const damagesOfRights: readonly Damage[] = [
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
    make: 'ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE SELECT ON TABLES FROM taishang_analytics_user',
    undo: 'ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO taishang_analytics_user',
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
    name: 'a changed setting of a database',
    part: `${users} settings`,
    make: `ALTER DATABASE ${users} SET lock_timeout = '8s'`,
    undo: `ALTER DATABASE ${users} SET lock_timeout = '9s'`,
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
    name: 'a changed comment',
    part: `${users} comments`,
    make: "COMMENT ON TABLE orders IS 'odrers'",
    undo: "COMMENT ON TABLE orders IS 'orders'",
  },
];
