import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { namesBeside } from '../../../sandbox/engines/postgresql/backup/catalogue/restored-names.ts';
import { statementsOf } from '../../../sandbox/engines/postgresql/backup/catalogue/sql-tokens.ts';
import { recoverySettings } from '../../../sandbox/engines/postgresql/backup/log/recovery.ts';
import { tell } from '../../../sandbox/engines/postgresql/backup/restore/earlier/earlier-statements.ts';
import { nothingTold } from '../../../sandbox/engines/postgresql/backup/restore/earlier/told.ts';
import {
  connectionString,
  identifier,
  literal,
  setClause,
} from '../../../sandbox/engines/postgresql/server/statements.ts';

const seed = Number(process.env.SANDBOX_TEST_SEED ?? Date.now() % 1_000_000);

/** Any name that PostgreSQL takes: up to 63 bytes, without U+0000. */
const name = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 63 })
  .filter((text) => !text.includes('\0') && Buffer.byteLength(text) <= 63 && text.isWellFormed());

const database = (found: { readonly name: string; readonly copy?: boolean; readonly original?: string }) => ({
  sizeBytes: 0,
  isTemplate: false,
  allowsConnections: true,
  isInvalid: false,
  temporary: false,
  copy: false,
  forTests: false,
  original: null,
  ...found,
});

describe(`names of copies (SANDBOX_TEST_SEED=${seed})`, () => {
  test('fit, differ from each other and from what is live, and belong to nobody else', () => {
    fc.assert(
      fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 8 }), (names) => {
        const suffixed = names.map((each) => `${each}_restore`).filter((each) => Buffer.byteLength(each) <= 63);
        const live = [...new Set([...names, ...suffixed])];
        const copies = namesBeside(
          live,
          live.map((each) => database({ name: each })),
        ).map((copy) => copy.name);
        expect(new Set([...copies, ...live]).size).toBe(copies.length + live.length);
        expect(copies.every((each) => Buffer.byteLength(each) <= 63)).toBe(true);
      }),
      { seed, numRuns: 300 },
    );
  });

  test.each([
    ['a name of 63 bytes', '数'.repeat(21)],
    ['a name of 60 bytes', 'n'.repeat(60)],
  ])('never come out as %s that is live', (_, live) => {
    const [copy] = namesBeside([live], [database({ name: live })]);
    expect(copy?.name).not.toBe(live);
  });

  test('are used again for the same database alone', () => {
    const found = [database({ name: 'a_restore', copy: true, original: 'a' }), database({ name: 'b_restore' })];
    expect(namesBeside(['a', 'b'], found).map((copy) => copy.name)).toEqual(['a_restore', 'b_restore_2']);
    const ofAnother = [database({ name: 'a_restore', copy: true, original: 'another' })];
    expect(namesBeside(['a'], ofAnother).map((copy) => copy.name)).toEqual(['a_restore_2']);
  });
});

describe(`what is written into statements (SANDBOX_TEST_SEED=${seed})`, () => {
  test('comes back from the pieces of a statement as it was', () => {
    fc.assert(
      fc.property(
        name,
        fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0')),
        (thing, text) => {
          const [statement] = statementsOf(`COMMENT ON DATABASE ${identifier(thing)} IS ${literal(text)};\n`);
          expect(statement?.map(({ value }) => value)).toEqual(['COMMENT', 'ON', 'DATABASE', thing, 'IS', text]);
        },
      ),
      { seed, numRuns: 500 },
    );
  });

  test('is one value of a connection string', () => {
    expect(connectionString({ dbname: "a=b host='evil' \\" })).toBe("dbname='a=b host=\\'evil\\' \\\\'");
  });

  test.each([
    ['search_path', '"$user", public', `SET "search_path" TO '$user', 'public'`],
    ['search_path', '""', `SET "search_path" TO ''`],
    ['search_path', '"a ""b, c", d', `SET "search_path" TO 'a "b, c', 'd'`],
    ['work_mem', '5MB', `SET "work_mem" TO '5MB'`],
  ])('sets %s to %s', (setting, value, statement) => {
    expect(setClause(setting, value)).toBe(statement);
  });
});

test('the name of a mark is one setting of a recovery, whatever it holds', () => {
  const settings = recoverySettings({ mark: "before\\the 'change'\nrestore_command = 'x" }, 3);
  expect(settings).toContain("recovery_target_name = 'before\\\\the ''change''\\nrestore_command = ''x'\n");
});

describe('a script of the first release', () => {
  const told = (script: string) => {
    const all = nothingTold();
    tell(all, script);
    return all;
  };

  test('is read as data', () => {
    const all = told(
      `
SET client_encoding = 'UTF8';
CREATE ROLE "App-Owner";
ALTER ROLE "App-Owner" WITH NOSUPERUSER INHERIT NOCREATEROLE CREATEDB LOGIN NOREPLICATION NOBYPASSRLS CONNECTION LIMIT 3 VALID UNTIL '2030-01-01 00:00:00+00';
COMMENT ON ROLE "App-Owner" IS E'Owner: ops;\\nPager: \\\\555''';
ALTER ROLE "App-Owner" SET search_path TO 'a', 'b "c"';
GRANT grp TO "App-Owner" WITH ADMIN OPTION, INHERIT FALSE GRANTED BY postgres;
`.replace('\\n', '\n'),
    );
    expect(all.roles.get('App-Owner')).toMatchObject({
      superuser: false,
      createDatabase: true,
      login: true,
      connectionLimit: 3,
      comment: "Owner: ops;\nPager: \\555'",
    });
    expect(all.settings).toEqual([{ database: null, role: 'App-Owner', name: 'search_path', value: '"a", "b ""c"""' }]);
    expect(all.memberships).toEqual([
      { role: 'grp', member: 'App-Owner', grantor: 'postgres', admin: true, inherit: false, set: true },
    ]);
  });

  test.each([
    "COPY (SELECT 1) TO PROGRAM 'touch /tmp/owned';",
    'DROP DATABASE taishang_users;',
    'DO $$ BEGIN END $$;',
    '\\! touch /tmp/owned\n',
    'CREATE ROLE x SUPERUSER;',
    "ALTER SYSTEM SET archive_command = 'x';",
    "COMMENT ON ROLE x IS 'y';",
    "SELECT pg_catalog.pg_read_file('/etc/passwd');",
    'GRANT SELECT ON TABLE x TO y;',
    'CREATE ROLE x',
  ])('is refused with %s', (statement) => {
    expect(() => told(statement)).toThrow(/expected|begins nothing|does not end/);
  });
});
