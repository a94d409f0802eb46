import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { execInNode } from '../../../sandbox/containers/runtime/exec.ts';
import { firstNode, type RunningEngine } from '../../../sandbox/engines/contract/topology.ts';
import { partsOfDatabase } from '../../../sandbox/engines/postgresql/backup/fingerprint.ts';
import { postgresql } from '../../../sandbox/engines/postgresql/engine.ts';
import { openPrimary } from '../../../sandbox/engines/postgresql/server/connection.ts';
import type { Stack } from '../../../sandbox/stack/create-stack.ts';
import { copyWith, describedAnew, differences, supported } from '../support/backup-folder.ts';
import { take, takeEarlier, takenFiles } from '../support/postgresql/backups.ts';
import { hostileFunction, ofSuperusers } from '../support/postgresql/hostile.ts';
import {
  oddWorld,
  statementsOfDatabase,
  statementsOfObjects,
  statementsOfServer,
} from '../support/postgresql/odd-world.ts';
import { clear, databaseNames, emptyStack, rowsOf, run } from '../support/postgresql/stack.ts';

// Servers are filled and restored one after the other, beside whatever else the machine does.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const seed = Number(process.env.SANDBOX_TEST_SEED ?? Date.now() % 1_000_000);
const { fingerprint } = postgresql.data;
const backup = supported(postgresql.backup);
const restoreBeside = supported(backup.restoreBeside);
const doorsOf = backup.doors ?? (async () => []);

let liveStack: Stack<'postgresql'>;
let targetStack: Stack<'postgresql'>;
let live: RunningEngine;
let target: RunningEngine;

beforeAll(async () => {
  [liveStack, targetStack] = await Promise.all([emptyStack(), emptyStack()]);
  live = liveStack.engines.postgresql;
  target = targetStack.engines.postgresql;
});

afterAll(async () => {
  await Promise.all([liveStack?.dispose(), targetStack?.dispose()]);
});

/** Parts of a database of which owners and rights are part. */
async function expectCopy(running: RunningEngine, original: string, copy: string): Promise<void> {
  expect(await partsOfDatabase(running, copy, original)).toEqual(await partsOfDatabase(running, original));
}

describe('whatever databases and roles are called and hold', () => {
  test(`they come back, beside and into an empty server (SANDBOX_TEST_SEED=${seed})`, async () => {
    const world = oddWorld(seed);
    await run(live, 'postgres', statementsOfServer(world));
    await run(live, 'template1', ['CREATE TABLE noted AS SELECT 8 AS number']);
    for (const each of world.names) await run(live, each, statementsOfDatabase(each, world));
    await run(live, 'x', statementsOfObjects(world));
    await run(live, 'postgres', [
      'ALTER DATABASE "x_restore" IS_TEMPLATE true',
      'ALTER DATABASE "select" ALLOW_CONNECTIONS false',
      'ALTER DATABASE "select" CONNECTION LIMIT 5',
    ]);
    try {
      expect(await backup.leftOut(live)).toEqual([]);
      const before = await fingerprint(live);
      expect(Object.keys(before.parts).filter((part) => part.startsWith('select '))).not.toEqual([]);
      await using taken = await take(live);
      const longest = Math.max(...taken.manifest.parts.map(({ path }) => Buffer.byteLength(path)));
      expect(longest).toBeLessThan(60);

      await backup.restore(target, taken.folder.path, taken.manifest);
      expect(differences(before, await fingerprint(target))).toEqual([]);
      expect(await rowsOf(target, 'template1', 'SELECT number FROM noted')).toEqual([{ number: 8 }]);
      const properties =
        'SELECT datistemplate AS template, datallowconn AS open, datconnlimit AS most FROM pg_database WHERE datname';
      expect(await rowsOf(target, 'postgres', `${properties} = 'x_restore'`)).toEqual([
        { template: true, open: true, most: -1 },
      ]);
      expect(await rowsOf(target, 'postgres', `${properties} = 'select'`)).toEqual([
        { template: false, open: false, most: 5 },
      ]);

      const copies = await restoreBeside(live, taken.folder.path, taken.manifest);
      expect(differences(before, await fingerprint(live))).toEqual([]);
      const again = await restoreBeside(live, taken.folder.path, taken.manifest);
      expect(again).toEqual(copies);
      expect(differences(before, await fingerprint(live))).toEqual([]);
      const ofMark =
        "SELECT substr(s, strpos(s, '=') + 1) AS original, datname AS copy FROM pg_db_role_setting, unnest(setconfig) s, pg_database d WHERE d.oid = setdatabase AND s LIKE 'taishang_sandbox.copy_of=%'";
      const made = await rowsOf<{ original: string; copy: string }>(live, 'postgres', ofMark);
      expect(made.map(({ copy }) => copy).toSorted()).toEqual([...copies].toSorted());
      for (const { original, copy } of made) {
        if (original === 'select') continue;
        if (['postgres', 'template1'].includes(original)) continue;
        await expectCopy(live, original, copy);
      }
      // Nothing of the runs is left.
      const left =
        "SELECT datname AS name FROM pg_database WHERE datname ~ '^taishang_tmp_' UNION ALL SELECT rolname FROM pg_roles WHERE rolname ~ '^taishang_'";
      expect(await rowsOf(live, 'postgres', left)).toEqual([]);
      expect(await rowsOf(target, 'postgres', left)).toEqual([]);
    } finally {
      await Promise.all([clear(live), clear(target)]);
    }
  });
});

describe('beside live data', () => {
  test('roles that are there stay as they are, whatever they are called', async () => {
    await run(live, 'postgres', [
      'CREATE ROLE "App-Owner" LOGIN',
      'CREATE ROLE grp',
      'CREATE ROLE gone LOGIN SUPERUSER',
      'CREATE ROLE joiner',
      'GRANT grp TO "App-Owner"',
      'GRANT gone TO "App-Owner"',
      'GRANT grp TO gone',
      'GRANT pg_read_all_data TO joiner',
      `ALTER ROLE "App-Owner" SET work_mem = '5MB'`,
      'CREATE DATABASE app OWNER gone',
    ]);
    try {
      await using taken = await take(live);
      await run(live, 'postgres', [
        'REVOKE grp FROM "App-Owner"',
        'ALTER ROLE "App-Owner" RESET work_mem',
        'ALTER ROLE "App-Owner" NOLOGIN CONNECTION LIMIT 3',
        'DROP DATABASE app',
        'DROP ROLE gone',
        'DROP ROLE joiner',
      ]);
      const before = await rowsOf(live, 'postgres', 'SELECT * FROM pg_authid WHERE oid >= 16384 ORDER BY oid');
      const said: string[] = [];
      await restoreBeside(live, taken.folder.path, taken.manifest, { say: (what) => said.push(what) });
      const after = await rowsOf<{ rolname: string }>(
        live,
        'postgres',
        'SELECT * FROM pg_authid WHERE oid >= 16384 ORDER BY oid',
      );
      expect(after.filter(({ rolname }) => !['gone', 'joiner'].includes(rolname))).toEqual(before);
      const has = (member: string, role: string) =>
        rowsOf(live, 'postgres', `SELECT pg_has_role('${member}', '${role}', 'MEMBER') AS has`);
      // Not by a way round either: "App-Owner" would come to grp through the role that was made.
      expect(await has('App-Owner', 'grp')).toEqual([{ has: false }]);
      expect(await has('App-Owner', 'gone')).toEqual([{ has: true }]);
      expect(await has('joiner', 'pg_read_all_data')).toEqual([{ has: false }]);
      expect(after.find(({ rolname }) => rolname === 'gone')).toMatchObject({
        rolsuper: false,
        rolcanlogin: false,
        rolpassword: null,
      });
      expect(said.join('\n')).toContain('role "gone" was not here, and was created without LOGIN, SUPERUSER');
    } finally {
      await clear(live);
    }
  });

  test("a database of the user's that has the name of a copy is kept, and the copy gets another", async () => {
    await run(live, 'postgres', [
      'CREATE DATABASE app',
      'CREATE DATABASE app_restore',
      'CREATE DATABASE app_restoring',
    ]);
    try {
      await run(live, 'app_restore', ['CREATE TABLE mine AS SELECT 1 AS one']);
      await using taken = await take(live);
      expect(await restoreBeside(live, taken.folder.path, taken.manifest)).toEqual([
        'app_restore_2',
        'app_restore_restore',
        'app_restoring_restore',
      ]);
      expect(await rowsOf(live, 'app_restore', 'SELECT one FROM mine')).toEqual([{ one: 1 }]);
      // What a restore made is no part of the next backup, until its user takes it over by another name.
      const files = async () => (await takenFiles(live)).toSorted();
      expect(await files()).toEqual(['app.dump', 'app_restore.dump', 'app_restoring.dump']);
      await run(live, 'postgres', ['ALTER DATABASE app_restore_2 RENAME TO taken_over']);
      expect(await files()).toContain('taken_over.dump');
    } finally {
      await clear(live);
    }
  });
});

describe('an archive of a stranger', () => {
  test('runs nothing as a superuser, and leaves what is live untouched', async () => {
    await run(live, 'postgres', ['CREATE ROLE victim LOGIN', 'CREATE DATABASE live_data OWNER victim']);
    await run(live, 'live_data', ['CREATE TABLE precious AS SELECT 1 AS one']);
    // Made on a server of the stranger's own.
    await run(target, 'postgres', [
      'CREATE ROLE victim SUPERUSER LOGIN',
      `CREATE ROLE colleague SUPERUSER LOGIN PASSWORD 'known'`,
      'GRANT pg_execute_server_program TO victim',
      'CREATE DATABASE trap OWNER victim',
      `ALTER ROLE victim SET work_mem = '9MB'`,
    ]);
    await run(target, 'trap', [
      'CREATE TABLE done (statement text)',
      hostileFunction,
      'CREATE TABLE checked (n int CHECK (break_out(n) IS NOT NULL))',
      'INSERT INTO checked VALUES (1)',
      'CREATE INDEX ON checked (break_out(n))',
      'CREATE MATERIALIZED VIEW worked_out AS SELECT break_out(n) AS n FROM checked',
      'CREATE VIEW secrets AS SELECT rolname, rolpassword FROM pg_authid',
      'GRANT SELECT ON secrets TO PUBLIC',
      'CREATE FUNCTION definer() RETURNS int LANGUAGE sql SECURITY DEFINER AS $$ SELECT 1 $$',
      'CREATE FUNCTION on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM break_out(1); END $$',
      'CREATE EVENT TRIGGER watch ON ddl_command_start EXECUTE FUNCTION on_ddl()',
      'ALTER TABLE checked OWNER TO victim',
      'ALTER FUNCTION definer() OWNER TO postgres',
      "ALTER DATABASE trap SET session_preload_libraries = 'auto_explain'",
    ]);
    try {
      await using taken = await take(target);
      const before = await fingerprint(live);
      const said: string[] = [];
      const [copy = ''] = await restoreBeside(live, taken.folder.path, taken.manifest, {
        say: (what) => said.push(what),
      });
      expect(copy).toBe('trap_restore');
      const node = firstNode(live);
      expect((await execInNode(node, ['ls', '/tmp/broken-out'])).exitCode).not.toBe(0);
      const roles = await rowsOf(
        live,
        'postgres',
        "SELECT rolname, rolsuper, rolcanlogin, rolpassword FROM pg_authid WHERE rolname IN ('victim', 'colleague') ORDER BY 1",
      );
      expect(roles).toEqual([
        { rolname: 'colleague', rolsuper: false, rolcanlogin: false, rolpassword: null },
        { rolname: 'victim', rolsuper: false, rolcanlogin: true, rolpassword: null },
      ]);
      // It did run, and got nowhere: what succeeded, if anything, was taken back with its role.
      const done = await rowsOf<{ statement: string }>(live, copy, 'SELECT DISTINCT statement FROM done');
      expect(done.map(({ statement }) => statement).filter((each) => !each.startsWith('RESET SESSION'))).toEqual([]);
      const owned = await rowsOf(
        live,
        copy,
        `SELECT proname AS name FROM pg_proc p JOIN pg_roles r ON r.oid = proowner WHERE prosecdef AND rolsuper
         UNION ALL SELECT relname FROM pg_class c JOIN pg_roles r ON r.oid = relowner
         WHERE relname IN ('secrets', 'checked') AND rolname IN ('postgres', 'victim')`,
      );
      expect(owned).toEqual([]);
      expect(await rowsOf(live, copy, 'SELECT evtenabled AS enabled FROM pg_event_trigger')).toEqual([
        { enabled: 'D' },
      ]);
      const settings = await rowsOf<{ setconfig: string[] }>(
        live,
        'postgres',
        'SELECT setconfig FROM pg_db_role_setting',
      );
      expect(
        settings.flatMap(({ setconfig }) => setconfig).filter((each) => !each.startsWith('taishang_sandbox.')),
      ).toEqual([]);
      expect(said.join('\n')).toMatch(
        /role "colleague" was not here[\s\S]*switched off[\s\S]*session_preload_libraries/,
      );
      await run(live, 'postgres', [
        'DROP DATABASE trap_restore WITH (FORCE)',
        'DROP ROLE colleague',
        'DROP ROLE taishang_restored',
      ]);
      expect(differences(before, await fingerprint(live))).toEqual([]);
    } finally {
      await Promise.all([clear(live), clear(target)]);
    }
  });

  test('names the rights that it brings, but for those that the live server gives already', async () => {
    await run(target, 'postgres', [
      'CREATE ROLE victim LOGIN',
      `CREATE ROLE colleague SUPERUSER LOGIN PASSWORD 'known'`,
      'CREATE ROLE hidden LOGIN',
      'CREATE ROLE between NOLOGIN',
      'GRANT colleague TO between',
      'GRANT between TO hidden',
      'GRANT pg_execute_server_program TO victim',
      'CREATE ROLE taishang_user SUPERUSER',
      'CREATE ROLE replicator LOGIN REPLICATION',
      `ALTER ROLE postgres SET work_mem = '9MB'`,
      'GRANT SET ON PARAMETER session_preload_libraries TO victim',
      'CREATE DATABASE trap OWNER victim',
      "ALTER DATABASE trap SET session_preload_libraries = 'auto_explain'",
      "ALTER DATABASE trap SET work_mem = '9MB'",
      'CREATE ROLE ordinary LOGIN CREATEDB',
    ]);
    await run(target, 'trap', [
      'CREATE FUNCTION on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$',
      'CREATE EVENT TRIGGER watch ON ddl_command_start EXECUTE FUNCTION on_ddl()',
      'GRANT EXECUTE ON FUNCTION pg_read_file(text) TO victim',
    ]);
    try {
      await using taken = await take(target);
      expect((await doorsOf(taken.folder.path, taken.manifest, live)).toSorted()).toEqual([
        'SET on the setting session_preload_libraries for "victim"',
        'event trigger "watch" of the database "trap"',
        'rights on pg_catalog.pg_read_file in the database "trap"',
        'role "between": membership in colleague',
        'role "colleague": SUPERUSER',
        'role "hidden": membership in colleague',
        'role "taishang_user": SUPERUSER',
        'role "victim": membership in pg_execute_server_program',
        'setting session_preload_libraries = "auto_explain"',
        'setting work_mem = "9MB"',
      ]);
      // What databases hold is looked at when it is restored; of the rest, all of it is there already.
      expect((await doorsOf(taken.folder.path, taken.manifest, target)).toSorted()).toEqual([
        'event trigger "watch" of the database "trap"',
        'rights on pg_catalog.pg_read_file in the database "trap"',
      ]);
    } finally {
      await run(target, 'postgres', [
        'ALTER ROLE postgres RESET work_mem',
        'REVOKE SET ON PARAMETER session_preload_libraries FROM victim',
        'DROP ROLE replicator',
      ]);
      await clear(target);
    }
  });

  const setUpInPlace = async (statements: readonly string[]) => {
    await run(live, 'postgres', ['CREATE ROLE victim LOGIN', 'CREATE DATABASE trap']);
    await run(live, 'trap', ['CREATE TABLE done (statement text)', hostileFunction, ...statements]);
  };

  test.each(Object.entries(ofSuperusers))('does not bring %s into an empty server', async (_, statements) => {
    try {
      await setUpInPlace(statements);
      await using taken = await take(live);
      await expect(backup.restore(target, taken.folder.path, taken.manifest)).rejects.toMatchObject({
        code: 'RESTORE_RIGHTS_NOT_CONFIRMED',
      });
      expect(await databaseNames(target)).toEqual(['postgres']);
    } finally {
      await Promise.all([clear(live), clear(target)]);
    }
  });

  test('brings all of that where it is trusted', async () => {
    try {
      await setUpInPlace(Object.values(ofSuperusers).flat());
      await using taken = await take(live);
      await backup.restore(target, taken.folder.path, taken.manifest, { archiveTrusted: true });
      expect(differences(await fingerprint(live), await fingerprint(target))).toEqual([]);
    } finally {
      await Promise.all([clear(live), clear(target)]);
    }
  });

  test('runs nothing as a superuser where it is restored in place', async () => {
    const statements = [
      'CREATE TABLE checked (n int CHECK (break_out(n) IS NOT NULL))',
      'INSERT INTO checked VALUES (1)',
      'CREATE INDEX ON checked (break_out(n))',
      'CREATE MATERIALIZED VIEW worked_out AS SELECT break_out(n) AS n FROM checked',
      'ALTER TABLE checked OWNER TO victim',
      'ALTER MATERIALIZED VIEW worked_out OWNER TO victim',
    ];
    try {
      await setUpInPlace(statements);
      await using taken = await take(live);
      await backup.restore(target, taken.folder.path, taken.manifest);
      expect((await execInNode(firstNode(target), ['ls', '/tmp/broken-out'])).exitCode).not.toBe(0);
      const supers = await rowsOf(target, 'postgres', 'SELECT rolname FROM pg_roles WHERE rolsuper');
      expect(supers).toEqual([{ rolname: 'postgres' }]);
      const done = await rowsOf<{ statement: string }>(target, 'trap', 'SELECT DISTINCT statement FROM done');
      expect(done.map(({ statement }) => statement).filter((each) => !each.startsWith('RESET SESSION'))).toEqual([]);
    } finally {
      await Promise.all([clear(live), clear(target)]);
    }
  });

  test('puts no more into a server than its manifest says, and leaves nothing of it there', async () => {
    await run(target, 'postgres', ['CREATE DATABASE large']);
    await run(target, 'large', [
      "CREATE TABLE filled AS SELECT repeat('x', 1000) AS t FROM generate_series(1, 120000)",
    ]);
    try {
      await using taken = await take(target);
      await using copy = await copyWith(taken.folder.path, 'databases.json', (bytes) =>
        String(bytes).replaceAll(/"sizeBytes": \d+/g, '"sizeBytes": 1000000'),
      );
      const manifest = await describedAnew(copy.path, taken.manifest, 'databases.json');
      const names = await databaseNames(live);
      await expect(restoreBeside(live, copy.path, manifest)).rejects.toMatchObject({ code: 'BACKUP_TOO_LARGE' });
      expect(await databaseNames(live)).toEqual(names);
    } finally {
      await clear(target);
    }
  });
});

describe('a backup of the first release', () => {
  const setUp = async () => {
    await run(live, 'postgres', [
      'CREATE ROLE "App-Owner" LOGIN',
      'COMMENT ON ROLE "App-Owner" IS E\'Owner: ops;\\nPager: 555\'',
      'CREATE ROLE grp NOLOGIN',
      'GRANT grp TO "App-Owner"',
      `ALTER ROLE "App-Owner" SET search_path TO 'a', 'b"c'`,
      'CREATE DATABASE "odd ""name""" OWNER "App-Owner"',
      `COMMENT ON DATABASE "odd ""name""" IS E'Owner: ops;\\nPager: 555'`,
      'REVOKE CONNECT ON DATABASE "odd ""name""" FROM PUBLIC',
      'GRANT CONNECT ON DATABASE "odd ""name""" TO grp',
      `ALTER DATABASE "odd ""name""" SET lock_timeout = '9s'`,
      `ALTER ROLE grp IN DATABASE "odd ""name""" SET work_mem = '5MB'`,
    ]);
    await run(live, 'odd "name"', [
      'CREATE EXTENSION vector',
      'CREATE TABLE kept (v vector(2))',
      "INSERT INTO kept VALUES ('[1,2]')",
      'ALTER TABLE kept OWNER TO "App-Owner"',
      'GRANT SELECT ON kept TO grp',
    ]);
  };

  test('comes back into an empty server, and beside without rights on what is inside', async () => {
    await setUp();
    try {
      await using taken = await takeEarlier(live, ['odd "name"']);
      const before = await fingerprint(live);
      const { path } = taken.folder;
      // Its dumps alone say who may do what with what is in them, and only a superuser can do as they say.
      expect(await doorsOf(path, taken.manifest, live)).toHaveLength(1);
      await expect(backup.restore(target, path, taken.manifest)).rejects.toMatchObject({
        code: 'RESTORE_RIGHTS_NOT_CONFIRMED',
      });
      expect(await databaseNames(target)).toEqual(['postgres']);
      await backup.restore(target, path, taken.manifest, { archiveTrusted: true });
      expect(differences(before, await fingerprint(target))).toEqual([]);
      const said: string[] = [];
      const [copy = ''] = await restoreBeside(live, taken.folder.path, taken.manifest, {
        say: (what) => said.push(what),
      });
      expect(differences(before, await fingerprint(live))).toEqual([]);
      const [parts, original] = [
        await partsOfDatabase(live, copy, 'db'),
        await partsOfDatabase(live, 'odd "name"', 'db'),
      ];
      expect(differences({ parts }, { parts: original })).toEqual(['db rights']);
      expect(said.join('\n')).toContain('of an earlier release');
    } finally {
      await Promise.all([clear(live), clear(target)]);
    }
  });

  test('is refused where its script holds anything that the tool does not write', async () => {
    await setUp();
    try {
      await using taken = await takeEarlier(live, ['odd "name"']);
      for (const statement of [
        "COPY (SELECT 1) TO PROGRAM 'touch /tmp/broken-out';",
        'DROP DATABASE "odd ""name""";',
      ]) {
        await using copy = await copyWith(taken.folder.path, 'globals.sql', (bytes) =>
          String(bytes).replace('CREATE ROLE', `${statement}\nCREATE ROLE`),
        );
        const manifest = await describedAnew(copy.path, taken.manifest, 'globals.sql');
        await expect(restoreBeside(live, copy.path, manifest)).rejects.toMatchObject({
          code: 'BACKUP_PART_UNREADABLE',
        });
        await expect(backup.restore(target, copy.path, manifest)).rejects.toMatchObject({
          code: 'BACKUP_PART_UNREADABLE',
        });
      }
    } finally {
      await clear(live);
    }
  });
});

test('what is in no backup is named', async () => {
  await run(live, 'postgres', ['CREATE DATABASE app', "ALTER SYSTEM SET log_temp_files = '1MB'"]);
  await run(live, 'app', [
    "CREATE SUBSCRIPTION feed CONNECTION 'host=nowhere' PUBLICATION p WITH (connect = false, slot_name = NONE)",
  ]);
  try {
    const named = (await backup.leftOut(live)).map(({ what }) => what);
    expect(named).toEqual(['ALTER SYSTEM SET log_temp_files', 'subscription "feed" in database "app"']);
    await using opened = await openPrimary(live, { database: 'postgres' });
    expect((await opened.client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  } finally {
    await run(live, 'app', ['DROP SUBSCRIPTION feed']);
    await run(live, 'postgres', ['ALTER SYSTEM RESET log_temp_files']);
    await clear(live);
  }
});
