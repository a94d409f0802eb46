import type { Pool } from 'pg';
import type { Place, SessionLeak } from '../../../contract/isolation.ts';
import { openSession } from '../leaks/sessions.ts';

/** What one test does that the next one in the same session may find. */
export const leaks: readonly SessionLeak<Pool>[] = [
  left('rows', 'DELETE FROM user_preferences', 'SELECT count(*) = 0 FROM user_preferences'),
  left('DDL', 'CREATE TABLE leak_of_before ()', "SELECT to_regclass('leak_of_before') IS NOT NULL"),
  {
    ...left('sequences', "SELECT nextval('leak_numbers')", "SELECT nextval('leak_numbers') > 1"),
    verdict: 'not isolated',
    note: 'A number that a sequence has given is not given again. Hold no test to the numbers of new rows, or give it databases of its own.',
    async prepare({ uri }: Place) {
      await using session = await openSession(uri);
      await session.client.query('CREATE SEQUENCE leak_numbers');
    },
  },
  left('settings of the session', "SET work_mem TO '7777kB'", "SELECT current_setting('work_mem') = '7777kB'"),
  left('role of the session', 'SET ROLE NONE', 'SELECT current_user = session_user'),
  left(
    'temporary tables',
    'CREATE TEMPORARY TABLE leak_of_before ()',
    "SELECT to_regclass('pg_temp.leak_of_before') IS NOT NULL",
  ),
  left(
    'advisory locks of a session',
    'SELECT pg_advisory_lock(20260101)',
    "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 20260101)",
  ),
  left(
    'prepared statements',
    'PREPARE leak_of_before AS SELECT 1',
    "SELECT EXISTS (SELECT FROM pg_prepared_statements WHERE name = 'leak_of_before')",
  ),
  {
    name: 'prepared statements of the driver',
    verdict: 'isolated',
    leave: (client) => client.query({ name: 'leak of before', text: 'SELECT 1 AS one' }),
    find: (client) =>
      client.query({ name: 'leak of before', text: 'SELECT 2 AS two' }).then(
        () => false,
        () => true,
      ),
  },
  left(
    'cursors WITH HOLD',
    'DECLARE leak_of_before CURSOR WITH HOLD FOR SELECT 1',
    "SELECT EXISTS (SELECT FROM pg_cursors WHERE name = 'leak_of_before')",
  ),
  left(
    'LISTEN',
    'LISTEN leak_of_before',
    "SELECT EXISTS (SELECT FROM pg_listening_channels() AS c WHERE c = 'leak_of_before')",
  ),
  lateWrite(),
  {
    ...left(
      'COMMIT among other statements',
      'CREATE TABLE leak_of_commit (); COMMIT',
      "SELECT to_regclass('leak_of_commit') IS NOT NULL",
    ),
    verdict: 'detected',
    note: 'Several statements in one text may end the transaction. The statement fails, and so does the test; its store is made anew.',
  },
  {
    ...left(
      'COMMIT and BEGIN among other statements',
      'CREATE TABLE leak_of_another (); COMMIT; BEGIN',
      "SELECT to_regclass('leak_of_another') IS NOT NULL",
    ),
    verdict: 'detected',
    note: 'As with COMMIT: the transaction that follows lacks the mark of the one around the test.',
  },
];

/** What is left by one statement, and whether another one finds it. */
function left(name: string, leave: string, find: string): SessionLeak<Pool> {
  return {
    name,
    verdict: 'isolated',
    leave: (client) => client.query(leave),
    async find(client) {
      const { rows } = await client.query<Record<string, unknown>>(find);
      return Object.values(rows[0] ?? {})[0] === true;
    },
  };
}

/** A client that a test has kept writes when the test is over. */
function lateWrite(): SessionLeak<Pool> {
  let kept: Pool | undefined;
  const found = left('clients of an earlier test', '', "SELECT to_regclass('leak_of_late') IS NOT NULL");
  return {
    ...found,
    async leave(client) {
      kept = client;
    },
    async find(client) {
      await kept?.query('CREATE TABLE leak_of_late ()').catch(() => {});
      return found.find(client);
    },
  };
}
