import { randomBytes } from 'node:crypto';
import type { Leak, Place } from '../../../contract/isolation.ts';
import { mainDatabase } from '../../server/connection.ts';
import { identifier } from '../../server/statements.ts';
import { isAllowed, openSession, valuesOf, withSessions } from './sessions.ts';

const name = () => `leak_${randomBytes(6).toString('hex')}`;

/** Made by the attacker under a name of its own, and looked for by the victim. */
function made(create: (name: string) => string, find: string, remove?: (name: string) => string): Leak['attempt'] {
  return (...places) =>
    withSessions(places, async (attacker, victim) => {
      const made = name();
      await attacker.query(create(made));
      const seen = await valuesOf(victim, find, [made]);
      if (remove !== undefined) await attacker.query(remove(made));
      return seen;
    });
}

/** What is in a database, and the ways into another one. */
export const leaksOfDatabases: readonly Leak[] = [
  {
    name: 'rows',
    verdict: 'isolated',
    attempt: (...places) =>
      withSessions(places, async (attacker, victim) => {
        const marked = name();
        await attacker.query('UPDATE users SET username = $1 WHERE id = (SELECT id FROM users ORDER BY id LIMIT 1)', [
          marked,
        ]);
        return valuesOf(victim, 'SELECT username FROM users WHERE username = $1', [marked]);
      }),
  },
  {
    name: 'sequences',
    verdict: 'isolated',
    attempt: (...places) =>
      withSessions(places, async (attacker, victim) => {
        const sequence = name();
        for (const client of [attacker, victim]) await client.query(`CREATE SEQUENCE IF NOT EXISTS ${sequence}`);
        await attacker.query(`SELECT nextval('${sequence}') FROM generate_series(1, 5)`);
        const seen = await valuesOf(victim, `SELECT last_value FROM ${sequence} WHERE is_called`);
        for (const client of [attacker, victim]) await client.query(`DROP SEQUENCE IF EXISTS ${sequence}`);
        return seen;
      }),
  },
  {
    name: 'DDL',
    verdict: 'isolated',
    attempt: made(
      (table) => `CREATE TABLE ${table} (id int); CREATE INDEX ON ${table} (id)`,
      'SELECT relname FROM pg_class WHERE relname = $1',
      (table) => `DROP TABLE ${table}`,
    ),
  },
  {
    name: 'temporary tables',
    verdict: 'isolated',
    attempt: made(
      (table) => `CREATE TEMPORARY TABLE ${table} (id int)`,
      'SELECT relname FROM pg_class WHERE relname = $1',
    ),
  },
  {
    name: 'extensions',
    verdict: 'isolated',
    attempt: made(
      () => 'CREATE EXTENSION hstore',
      "SELECT extname FROM pg_extension WHERE extname = 'hstore' AND $1 <> ''",
      () => 'DROP EXTENSION hstore',
    ),
  },
  {
    name: 'large objects',
    verdict: 'isolated',
    attempt: (...places) =>
      withSessions(places, async (attacker, victim) => {
        const [id] = await valuesOf(attacker, "SELECT lo_from_bytea(0, 'leak')");
        const seen = await valuesOf(victim, 'SELECT oid FROM pg_largeobject_metadata WHERE oid = $1', [id]);
        await attacker.query('SELECT lo_unlink($1)', [id]);
        return seen;
      }),
  },
  {
    name: 'publications',
    verdict: 'isolated',
    attempt: made(
      (publication) => `CREATE PUBLICATION ${publication}`,
      'SELECT pubname FROM pg_publication WHERE pubname = $1',
      (publication) => `DROP PUBLICATION ${publication}`,
    ),
  },
  {
    name: 'locks of tables',
    verdict: 'isolated',
    attempt: (...places) =>
      withSessions(places, async (attacker, victim) => {
        await attacker.query('BEGIN; LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE');
        const refused = await victim.query('BEGIN; LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE NOWAIT').then(
          () => [],
          (thrown: Error) => [thrown.message],
        );
        for (const client of [attacker, victim]) await client.query('ROLLBACK');
        return refused;
      }),
  },
  {
    name: 'advisory locks of a session',
    verdict: 'isolated',
    attempt: (...places) =>
      withSessions(places, async (attacker, victim) => {
        await attacker.query('SELECT pg_advisory_lock(20260101)');
        const [free] = await valuesOf(victim, 'SELECT pg_try_advisory_lock(20260101)');
        return free === 'true' ? [] : ['the lock is taken'];
      }),
  },
  {
    name: 'LISTEN and NOTIFY',
    verdict: 'isolated',
    attempt: (...places) =>
      withSessions(places, async (attacker, victim) => {
        const seen: string[] = [];
        victim.on('notification', ({ channel, payload }) => seen.push(`${channel} ${payload}`));
        await victim.query('LISTEN leak');
        await attacker.query("NOTIFY leak, 'hello'");
        // What was committed before comes with the answer, or with that of the next one.
        await victim.query('SELECT 1');
        await victim.query('SELECT 1');
        return seen;
      }),
  },
  {
    name: 'a session in the database of another',
    verdict: 'isolated',
    attempt: (attacker, victim) => enters(attacker, new URL(victim.uri).pathname),
  },
  {
    name: "a session in the stack's own database",
    verdict: 'isolated',
    attempt: (attacker) => enters(attacker, `/${mainDatabase}`),
  },
  {
    name: "the role of another's login",
    verdict: 'isolated',
    attempt: (...places) =>
      withSessions(places, async (attacker) => {
        const role = identifier(decodeURIComponent(new URL(places[1].uri).username));
        const taken = await isAllowed(() => attacker.query(`SET ROLE NONE; SET ROLE ${role}`));
        return taken ? [`SET ROLE ${role} was taken`] : [];
      }),
  },
];

async function enters({ uri }: Place, path: string): Promise<readonly string[]> {
  const address = new URL(uri);
  address.pathname = path;
  const entered = await isAllowed(async () => {
    await using session = await openSession(address.href);
    await session.client.query('SELECT 1');
  });
  return entered ? [`it is in ${path}`] : [];
}
