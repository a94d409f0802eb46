import { randomBytes } from 'node:crypto';
import type { Leak, Place } from '../../../contract/isolation.ts';
import { isAllowed, openSession, refusedStatement, valuesOf, withSessions } from './sessions.ts';

/** More than a server of the platform has (`max_connections`). */
const connectionsTried = 120;

/** What a server has once, for all of its databases. */
export const leaksOfTheServer: readonly Leak[] = [
  { name: 'roles', verdict: 'isolated', attempt: refusedStatement('CREATE ROLE leak', 'DROP ROLE leak') },
  {
    name: 'memberships of roles',
    verdict: 'isolated',
    attempt: refusedStatement('GRANT pg_read_all_stats TO CURRENT_USER', 'REVOKE pg_read_all_stats FROM CURRENT_USER'),
  },
  {
    name: 'settings of a role',
    verdict: 'isolated',
    note: "They count for the role that logs in, which is the place's own.",
    attempt: settingSeen('ALTER ROLE CURRENT_USER'),
  },
  {
    name: 'settings of a login',
    verdict: 'isolated',
    attempt: settingSeen('ALTER ROLE SESSION_USER'),
  },
  {
    name: 'ALTER DATABASE SET',
    verdict: 'isolated',
    attempt: (attacker, victim) => {
      const database = new URL(victim.uri).pathname.slice(1);
      return settingSeen(`ALTER DATABASE ${database}`)(attacker, victim);
    },
  },
  {
    name: 'ALTER SYSTEM',
    verdict: 'isolated',
    attempt: refusedStatement("ALTER SYSTEM SET work_mem TO '5MB'", 'ALTER SYSTEM RESET work_mem'),
  },
  {
    name: 'replication slots',
    verdict: 'isolated',
    attempt: refusedStatement(
      "SELECT pg_create_physical_replication_slot('leak')",
      "SELECT pg_drop_replication_slot('leak')",
    ),
  },
  {
    name: 'tablespaces',
    verdict: 'isolated',
    attempt: (...places) =>
      withSessions(places, async (attacker, victim) => {
        const isMade = await isAllowed(async () => {
          await attacker.query('SET allow_in_place_tablespaces TO on');
          await attacker.query("CREATE TABLESPACE leak LOCATION ''");
        });
        const seen = await valuesOf(victim, "SELECT spcname FROM pg_tablespace WHERE spcname = 'leak'");
        if (isMade) await attacker.query('DROP TABLESPACE leak');
        return seen;
      }),
  },
  {
    name: 'pg_terminate_backend',
    verdict: 'isolated',
    attempt: (...places) =>
      withSessions(places, async (attacker, victim) => {
        const [pid] = await valuesOf(victim, 'SELECT pg_backend_pid()');
        await isAllowed(() => attacker.query('SELECT pg_terminate_backend($1, 5000)', [pid]));
        return victim.query('SELECT 1').then(
          () => [],
          (thrown: Error) => [thrown.message],
        );
      }),
  },
  {
    name: 'connections',
    verdict: 'isolated',
    note: "A login has as many as a service's pool takes, and all together have what the server has.",
    attempt: exhausted,
  },
  {
    name: 'queries in pg_stat_activity',
    verdict: 'isolated',
    attempt: (...places) =>
      withSessions(places, async (attacker, victim) => {
        const mark = `leak_${randomBytes(6).toString('hex')}`;
        await attacker.query(`SELECT 1 AS ${mark}`);
        return valuesOf(victim, 'SELECT query FROM pg_stat_activity WHERE query LIKE $1 AND pid <> pg_backend_pid()', [
          `%${mark}`,
        ]);
      }),
  },
  {
    name: 'names of databases',
    verdict: 'not isolated',
    note: 'pg_database is of the server. A test that lists databases sees those of others: ask for current_database() instead.',
    attempt: (...places) =>
      withSessions(places, async (attacker, victim) => {
        const [database] = await valuesOf(attacker, 'SELECT current_database()');
        return valuesOf(victim, 'SELECT datname FROM pg_database WHERE datname = $1', [database]);
      }),
  },
  {
    name: 'pg_stat_statements',
    verdict: 'not isolated',
    note: 'It has the statements of all databases, and places work as the same role: ask for those WHERE dbid is that of the current database.',
    attempt: async (...places) => {
      const [one, other] = places.map(({ environment }) => environment.DATABASE_DATA_URL ?? '') as [string, string];
      await using attacker = await openSession(one);
      await using victim = await openSession(other);
      const mark = `leak_${randomBytes(6).toString('hex')}`;
      await attacker.client.query(`SELECT 1 AS ${mark}`);
      return await valuesOf(victim.client, 'SELECT query FROM pg_stat_statements WHERE query LIKE $1', [`%${mark}`]);
    },
  },
];

/** A setting that the attacker gives to something, and that the victim's next session has. */
function settingSeen(subject: string): Leak['attempt'] {
  return async (attacker, victim) => {
    await using own = await openSession(attacker.uri);
    const isSet = await isAllowed(() => own.client.query(`${subject} SET work_mem TO '7777kB'`));
    await using theirs = await openSession(victim.uri);
    const [value] = await valuesOf(theirs.client, 'SHOW work_mem');
    if (isSet) await own.client.query(`${subject} RESET work_mem`);
    return value === '7777kB' ? ['work_mem is 7777kB'] : [];
  };
}

/** Takes every connection that the attacker can have, and looks whether the victim still gets one. */
async function exhausted(attacker: Place, victim: Place): Promise<readonly string[]> {
  const sessions = await Promise.allSettled(Array.from({ length: connectionsTried }, () => openSession(attacker.uri)));
  try {
    await using _ = await openSession(victim.uri);
    return [];
  } catch (thrown) {
    return [String(thrown)];
  } finally {
    for (const session of sessions) if (session.status === 'fulfilled') await session.value[Symbol.asyncDispose]();
  }
}
