import type { Client } from 'pg';
import type { RunningEngine } from '../../../sandbox/engines/contract/topology.ts';
import { openPrimary } from '../../../sandbox/engines/postgresql/server/connection.ts';
import { daysAgo, type Planted, times, uuidFor } from './plant.ts';

interface UserRow {
  readonly id: string;
  readonly username?: string;
  readonly email?: string | null;
  readonly status?: string;
  readonly levels?: readonly [silicon: number, consciousness: number, thinking: number];
}

async function insertUser(client: Client, row: UserRow): Promise<string> {
  const { id, username = `user-${id}`, email = `${id}@example.org`, status = 'active', levels = [0, 5, 3] } = row;
  await client.query(
    `INSERT INTO users (id, username, email, password_hash, status, silicon_level, consciousness_level, thinking_level)
     VALUES ($1, $2, $3, 'hash', $4, $5, $6, $7)`,
    [id, username, email, status, ...levels],
  );
  return id;
}

async function insertSession(
  client: Client,
  row: {
    readonly id: string;
    readonly user: string | null;
    readonly token?: string;
    readonly times: readonly [Date, Date, Date];
  },
): Promise<string> {
  const { id, user, token = `token-${id}`, times: moments } = row;
  await client.query(
    `INSERT INTO user_sessions (id, user_id, session_token, created_at, last_accessed_at, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6)`,
    [id, user, token, ...moments],
  );
  return id;
}

/** Rows that look like defects and are none. One user and one piece of knowledge are new. */
export async function plantNearMissesInPostgresql(running: RunningEngine): Promise<void> {
  await using users = await openPrimary(running, { database: 'taishang_users' });
  const user = await insertUser(users.client, { id: uuidFor(1, 0), email: "o'neill+tag@sub.example.museum" });
  const sessions: readonly (readonly [Date, Date, Date])[] = [
    // Expired, and not yet for as long as it is kept.
    [daysAgo(40), daysAgo(35), daysAgo(29)],
    // Within the day that the purge has.
    [daysAgo(40), daysAgo(35), daysAgo(30.5)],
    // Somebody is there today.
    [daysAgo(0), daysAgo(0), daysAgo(-1)],
  ];
  for (const [index, moments] of sessions.entries()) {
    await insertSession(users.client, { id: uuidFor(2, index), user, times: moments });
  }
  await users.client.query(
    `INSERT INTO user_permissions (user_id, permission_name, resource_type, granted_at, expires_at) VALUES
     ($1, 'read', NULL, now(), now() + interval '1 s'), ($1, 'read', 'content', now(), NULL)`,
    [user],
  );
  await using knowledge = await openPrimary(running, { database: 'taishang_ai' });
  await knowledge.client.query(
    `INSERT INTO knowledge_embeddings SELECT 'near-miss', ' . ', category, 0, embedding FROM knowledge_embeddings LIMIT 1`,
  );
  await using places = await openPrimary(running, { database: 'taishang_data' });
  await places.client.query(
    `INSERT INTO user_locations VALUES ($1, $2, 'near', 'SRID=4326;POINT(180 90)', now() + interval '23 hours')`,
    [uuidFor(3, 0), user],
  );
  await using activity = await openPrimary(running, { database: 'taishang_analytics' });
  await activity.client.query("INSERT INTO daily_activity VALUES ($1, (now() AT TIME ZONE 'UTC')::date, 5, 0, 0, 0)", [
    user,
  ]);
}

/** Constraints are taken away first: a defect is what is there in spite of them. */
export async function plantInPostgresql(running: RunningEngine): Promise<Planted> {
  return {
    ...(await plantUsers(running)),
    ...(await plantSessions(running)),
    ...(await plantAccounts(running)),
    ...(await plantKnowledge(running)),
    ...(await plantActivity(running)),
  };
}

/** A connection takes one statement at a time. */
async function oneByOne<Row>(
  rows: readonly Row[],
  insert: (row: Row, index: number) => Promise<string>,
): Promise<readonly string[]> {
  const ids: string[] = [];
  for (const [index, row] of rows.entries()) ids.push(await insert(row, index));
  return ids;
}

async function plantUsers(running: RunningEngine): Promise<Planted> {
  await using opened = await openPrimary(running, { database: 'taishang_users' });
  const { client } = opened;
  const axes = ['silicon', 'consciousness', 'thinking'] as const;
  await client.query('ALTER TABLE users ALTER email DROP NOT NULL, DROP CONSTRAINT users_status_check');
  for (const axis of axes) await client.query(`ALTER TABLE users DROP CONSTRAINT users_${axis}_level_check`);
  await client.query('ALTER TABLE users ADD nickname TEXT');
  await client.query('CREATE INDEX idx_undeclared ON users (phone)');
  await client.query('CREATE TABLE surprises (id INTEGER)');
  await client.query('CREATE MATERIALIZED VIEW surprises_kept AS SELECT id FROM surprises');
  await client.query('CREATE POLICY undeclared ON users USING (true)');
  await client.query(
    'CREATE TRIGGER undeclared BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()',
  );
  const add = (kind: number, rows: readonly Omit<UserRow, 'id'>[]) =>
    oneByOne(rows, (row, index) => insertUser(client, { ...row, id: uuidFor(kind, index) }));
  const levels = (axis: number, level: number) => ({
    levels: [0, 1, 2].map((each) => (each === axis ? level : 2)) as [number, number, number],
  });
  await add(10, [
    { email: 'twice@example.org', username: 'first' },
    { email: 'andr\u00e9@example.org', username: 'composed' },
  ]);
  return {
    'postgresql.users.email-duplicates': await add(11, [
      { email: 'Twice@example.org' },
      { email: ' TWICE@Example.org' },
      { email: 'twi\u200bce@example.org' },
      // The same letter as two.
      { email: 'andre\u0301@example.org' },
    ]),
    'postgresql.users.email-null': await add(
      12,
      times(3, () => ({ email: null })),
    ),
    // One of the duplicates has a blank before it.
    'postgresql.users.email-malformed': [
      uuidFor(11, 1),
      ...(await add(13, [
        { email: '' },
        { email: '  ' },
        { email: 'nobody' },
        { email: 'a@b' },
        { email: 'a b@example.org' },
      ])),
    ],
    'postgresql.users.username-missing': await add(
      14,
      ['', '   ', '\t', '\u3000'].map((username) => ({ username })),
    ),
    'postgresql.users.status-invalid': await add(15, [{ status: 'Active' }, { status: 'deleted' }]),
    'postgresql.users.silicon-level-invalid': await add(16, [levels(0, -1), levels(0, 6), levels(0, 99)]),
    'postgresql.users.consciousness-level-invalid': await add(17, [levels(1, -1)]),
    'postgresql.users.thinking-level-invalid': await add(18, [levels(2, 6), levels(2, 7)]),
    'postgresql.users.catalogue': [
      'column email is `character varying(255)`, and declared as `character varying(255) required`',
      'column nickname is not declared',
      ...['consciousness_level', 'silicon_level', 'status', 'thinking_level'].map(
        (name) => `constraint users_${name}_check is missing`,
      ),
      'index idx_undeclared is not declared',
      'policy undeclared is not declared',
      'trigger undeclared is not declared',
    ],
    'postgresql.places': ['taishang_users.surprises has no contract', 'taishang_users.surprises_kept has no contract'],
  };
}

async function plantSessions(running: RunningEngine): Promise<Planted> {
  await using opened = await openPrimary(running, { database: 'taishang_users' });
  const { client } = opened;
  await client.query('ALTER TABLE user_sessions ALTER user_id DROP NOT NULL, DROP CONSTRAINT idx_user_sessions_token');
  const user = uuidFor(1, 0);
  const [past, used, future] = [daysAgo(2), daysAgo(1), daysAgo(-1)];
  const add = (kind: number, rows: readonly Partial<Parameters<typeof insertSession>[1]>[]) =>
    oneByOne(rows, (row, index) =>
      insertSession(client, { user, times: [past, used, future], ...row, id: uuidFor(kind, index) }),
    );
  await add(20, [{ token: 'twice' }]);
  return {
    'postgresql.user_sessions.overdue': await add(21, [
      { times: [daysAgo(60), daysAgo(50), daysAgo(45)] },
      { times: [daysAgo(40), daysAgo(39), daysAgo(32)] },
      // Older than the dataset itself.
      { times: [new Date('2019-05-01'), new Date('2019-05-02'), new Date('2019-05-03')] },
    ]),
    'postgresql.user_sessions.used-after-expiry': await add(22, [{ times: [past, daysAgo(0.5), used] }]),
    'postgresql.user_sessions.end-before-start': await add(23, [
      { times: [used, past, past] },
      { times: [used, used, used] },
    ]),
    'postgresql.user_sessions.token-duplicates': await add(24, [{ token: 'twice' }, { token: 'twice' }]),
    'postgresql.user_sessions.user-null': await add(25, [{ user: null }]),
    'postgresql.user_sessions.catalogue': [
      'column user_id is `uuid`, and declared as `uuid required`',
      'constraint idx_user_sessions_token is missing',
    ],
  };
}

async function plantAccounts(running: RunningEngine): Promise<Planted> {
  await using opened = await openPrimary(running, { database: 'taishang_users' });
  const { client } = opened;
  const user = uuidFor(1, 0);
  await client.query('ALTER TABLE user_preferences DROP CONSTRAINT user_preferences_user_id_preference_key_key');
  await client.query(
    'ALTER TABLE user_permissions DROP CONSTRAINT user_permissions_user_id_permission_name_resource_type_reso_key',
  );
  const setting = (number: number) => [uuidFor(30, number), user];
  for (const number of [0, 1, 2]) {
    await client.query(
      "INSERT INTO user_preferences (id, user_id, preference_key, preference_value) VALUES ($1, $2, 'theme', '1')",
      setting(number),
    );
  }
  const grant = (number: number, from: Date, until: Date | null) =>
    client.query(
      `INSERT INTO user_permissions (id, user_id, permission_name, granted_at, expires_at) VALUES ($1, $2, $3, $4, $5)`,
      [uuidFor(31, number), user, number < 2 ? 'twice' : 'once', from, until],
    );
  await grant(0, daysAgo(2), null);
  await grant(1, daysAgo(1), null);
  await grant(2, daysAgo(1), daysAgo(2));
  // Whatever was not to be checked while rows were copied, and was forgotten.
  await client.query('ALTER TABLE user_preferences DISABLE TRIGGER ALL');
  const key = 'FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE';
  const trigger = 'BEFORE UPDATE ON public.user_preferences FOR EACH ROW EXECUTE FUNCTION update_updated_at_column()';
  await using places = await openPrimary(running, { database: 'taishang_data' });
  await places.client.query(
    "INSERT INTO user_locations VALUES ($1, $2, 'far', 'SRID=4326;POINT(0 0)', now() + interval '25 hours')",
    [uuidFor(32, 0), user],
  );
  await places.client.query('DROP INDEX idx_user_locations_user_id');
  return {
    'postgresql.user_preferences.key-duplicates': [uuidFor(30, 1), uuidFor(30, 2)],
    'postgresql.user_preferences.catalogue': [
      `constraint user_preferences_user_id_fkey is \`${key} DISABLED\`, and declared as \`${key}\``,
      'constraint user_preferences_user_id_preference_key_key is missing',
      `trigger update_user_preferences_updated_at is \`${trigger} DISABLED\`, and declared as \`${trigger}\``,
    ],
    'postgresql.user_permissions.duplicates': [uuidFor(31, 1)],
    'postgresql.user_permissions.end-before-start': [uuidFor(31, 2)],
    'postgresql.user_permissions.catalogue': [
      'constraint user_permissions_user_id_permission_name_resource_type_reso_key is missing',
    ],
    'postgresql.user_locations.in-the-future': [uuidFor(32, 0)],
    'postgresql.user_locations.catalogue': ['index idx_user_locations_user_id is missing'],
  };
}

async function plantKnowledge(running: RunningEngine): Promise<Planted> {
  await using opened = await openPrimary(running, { database: 'taishang_ai' });
  const { client } = opened;
  await client.query('ALTER TABLE knowledge_embeddings DROP CONSTRAINT knowledge_embeddings_silicon_level_check');
  const copy = (id: string, title: string, level: number, embedding = 'embedding') =>
    client.query(
      `INSERT INTO knowledge_embeddings SELECT $1, $2, category, $3::integer, ${embedding} FROM knowledge_embeddings WHERE knowledge_id = 'near-miss'`,
      [id, title, level],
    );
  await copy('long', 'a title', 1, 'embedding * (SELECT array_fill(2, ARRAY[768])::vector)');
  await copy('nothing', 'a title', 1, 'array_fill(0, ARRAY[768])::vector');
  await copy('low', 'a title', -1);
  await copy('high', 'a title', 6);
  await copy('untitled', '  ', 1);
  return {
    'postgresql.knowledge_embeddings.not-unit-length': ['long', 'nothing'],
    'postgresql.knowledge_embeddings.silicon-level-invalid': ['high', 'low'],
    'postgresql.knowledge_embeddings.title-missing': ['untitled'],
    'postgresql.knowledge_embeddings.catalogue': ['constraint knowledge_embeddings_silicon_level_check is missing'],
  };
}

async function plantActivity(running: RunningEngine): Promise<Planted> {
  await using opened = await openPrimary(running, { database: 'taishang_analytics' });
  const { client } = opened;
  const columns = ['silicon_level', 'sessions', 'contents', 'messages'];
  for (const column of columns)
    await client.query(`ALTER TABLE daily_activity DROP CONSTRAINT daily_activity_${column}_check`);
  // What has no key of one column is told by where it lies.
  const add = async (number: number, day: string, values: readonly number[]): Promise<string> => {
    const { rows } = await client.query<{ id: string; place: string }>(
      `INSERT INTO daily_activity VALUES ($1, ${day}, $2, $3, $4, $5) RETURNING concat(user_id, ' ', day) AS id, ctid::text AS place`,
      [uuidFor(40, number), ...values],
    );
    return (values[0] === 6 ? rows[0]?.place : rows[0]?.id) ?? '';
  };
  return {
    'postgresql.daily_activity.negative': [
      await add(0, 'current_date', [1, -1, 0, 0]),
      await add(1, 'current_date', [1, 0, 0, -5]),
    ],
    'postgresql.daily_activity.in-the-future': [await add(2, 'current_date + 2', [1, 0, 0, 0])],
    'postgresql.daily_activity.silicon-level-invalid': [await add(3, 'current_date', [6, 0, 0, 0])],
    'postgresql.daily_activity.catalogue': columns
      .toSorted()
      .map((column) => `constraint daily_activity_${column}_check is missing`),
  };
}
