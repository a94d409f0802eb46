import fc from 'fast-check';
import { identifier, literal } from '../../../../sandbox/engines/postgresql/server/statements.ts';

/** A name that PostgreSQL takes. */
const name = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 30 })
  .filter(
    (text) => !text.includes('\0') && Buffer.byteLength(text) <= 63 && text.isWellFormed() && !/^pg_/i.test(text),
  );
/** A text that PostgreSQL takes. */
const text = fc
  .string({ unit: 'grapheme', maxLength: 30 })
  .filter((each) => !each.includes('\0') && each.isWellFormed());

/** Names that tools and careless statements trip over. */
const oddNames = [
  '数'.repeat(21),
  `${'n'.repeat(60)}one`,
  `${'n'.repeat(60)}two`,
  'host=127.0.0.1 port=1 user=postgres',
  '-d "quo\'ted"; DROP\nDATABASE $1 \\',
  'select',
  'x',
  'x_restore',
] as const;

/** What databases and roles of a server are called, and what is said in them. */
interface OddWorld {
  readonly names: readonly string[];
  readonly owner: string;
  readonly reader: string;
  readonly group: string;
  readonly words: readonly string[];
  readonly comment: string;
}

/** The same of the same seed; those of {@link oddNames} are always among its databases. */
export function oddWorld(seed: number): OddWorld {
  const [drawn, roles, words] = fc.sample(
    fc.tuple(
      fc.uniqueArray(name, { minLength: 2, maxLength: 2 }),
      fc.uniqueArray(
        name.filter((each) => !['public', 'none'].includes(each)),
        { minLength: 3, maxLength: 3 },
      ),
      fc.array(text, { minLength: 3, maxLength: 3 }),
    ),
    { seed, numRuns: 1 },
  )[0] as [string[], string[], string[]];
  const names = [...new Set([...oddNames, ...drawn])];
  const [owner, reader, group] = roles as [string, string, string];
  const comment = `Owner: ops;\nPager: 555 ${words[0]}`;
  return { names, owner, reader, group, words, comment };
}

/** Makes roles, a tablespace and databases, and changes what every server has. */
export const statementsOfServer = ({ names, owner, reader, group, words, comment }: OddWorld): readonly string[] => [
  `CREATE ROLE ${identifier(owner)} LOGIN CONNECTION LIMIT 4 VALID UNTIL '2031-02-03'`,
  `CREATE ROLE ${identifier(reader)} NOINHERIT`,
  `CREATE ROLE ${identifier(group)} CREATEDB`,
  `COMMENT ON ROLE ${identifier(owner)} IS ${literal(comment)}`,
  `GRANT ${identifier(group)} TO ${identifier(owner)} WITH ADMIN TRUE, INHERIT FALSE`,
  `SET ROLE ${identifier(owner)}`,
  `GRANT ${identifier(group)} TO ${identifier(reader)} WITH SET FALSE`,
  'RESET ROLE',
  `ALTER ROLE ${identifier(reader)} SET search_path TO ${literal(reader)}, 'b"c', public`,
  `ALTER ROLE ${identifier(reader)} SET "app.words" TO ${literal(words[1] ?? '')}`,
  `SET allow_in_place_tablespaces = on`,
  `CREATE TABLESPACE ${identifier(`space of ${owner}`)} OWNER ${identifier(owner)} LOCATION ''`,
  ...names.flatMap((each) => [
    `CREATE DATABASE ${identifier(each)} TEMPLATE template0 OWNER ${identifier(owner)}`,
    `COMMENT ON DATABASE ${identifier(each)} IS ${literal(comment)}`,
    `ALTER DATABASE ${identifier(each)} SET lock_timeout TO '9s'`,
    `ALTER ROLE ${identifier(reader)} IN DATABASE ${identifier(each)} SET work_mem TO '5MB'`,
    `REVOKE CONNECT ON DATABASE ${identifier(each)} FROM PUBLIC`,
    `GRANT CONNECT ON DATABASE ${identifier(each)} TO ${identifier(reader)} WITH GRANT OPTION`,
  ]),
  "COMMENT ON DATABASE postgres IS E'ours;\\nnot yours'",
  "ALTER DATABASE postgres SET lock_timeout = '7s'",
  'REVOKE CONNECT ON DATABASE postgres FROM PUBLIC',
  'CREATE TABLE noted AS SELECT 7 AS number',
];

/** Makes a schema and a table in one of the databases. */
export const statementsOfDatabase = (
  each: string,
  { owner, reader, group, words, comment }: OddWorld,
): readonly string[] => [
  `CREATE SCHEMA ${identifier(each)} AUTHORIZATION ${identifier(reader)}`,
  `CREATE TABLE ${identifier(each)}.${identifier(group)} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, ${identifier(owner)} text)`,
  `ALTER TABLE ${identifier(each)}.${identifier(group)} OWNER TO ${identifier(owner)}`,
  `INSERT INTO ${identifier(each)}.${identifier(group)} (${identifier(owner)}) VALUES (${literal(words[2] ?? '')}), (NULL)`,
  `GRANT SELECT (${identifier(owner)}), UPDATE ON ${identifier(each)}.${identifier(group)} TO ${identifier(reader)} WITH GRANT OPTION`,
  `COMMENT ON TABLE ${identifier(each)}.${identifier(group)} IS ${literal(comment)}`,
  `ALTER DEFAULT PRIVILEGES FOR ROLE ${identifier(owner)} REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC`,
  `ALTER DEFAULT PRIVILEGES FOR ROLE ${identifier(owner)} IN SCHEMA ${identifier(each)} GRANT SELECT ON TABLES TO ${identifier(reader)}`,
];

/** Makes objects of every other kind in the database `x`. */
export const statementsOfObjects = ({ owner, reader }: OddWorld): readonly string[] => [
  'DROP SCHEMA public',
  'CREATE EXTENSION vector SCHEMA x',
  'CREATE EXTENSION pg_trgm SCHEMA x',
  `CREATE TABLE placed (v x.vector(3)) TABLESPACE ${identifier(`space of ${owner}`)}`.replace('placed', 'x.placed'),
  `CREATE POLICY own ON x.placed TO ${identifier(reader)} USING (true)`,
  'ALTER TABLE x.placed ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY',
  'CREATE FUNCTION x.twice(n int) RETURNS int LANGUAGE sql AS $$ SELECT n * 2 $$',
  `ALTER FUNCTION x.twice(int) OWNER TO ${identifier(owner)}`,
  'REVOKE EXECUTE ON FUNCTION x.twice(int) FROM PUBLIC',
  'CREATE AGGREGATE x.many(*) (SFUNC = pg_catalog.int8inc, STYPE = bigint, INITCOND = 0)',
  `ALTER AGGREGATE x.many(*) OWNER TO ${identifier(owner)}`,
  'CREATE TYPE x.pair AS (a int, b text)',
  "CREATE TYPE x.mood AS ENUM ('so', 'so-so')",
  `ALTER TYPE x.mood OWNER TO ${identifier(owner)}`,
  'CREATE PUBLICATION everything FOR ALL TABLES',
  'CREATE PUBLICATION of_schema FOR TABLES IN SCHEMA x',
  "SELECT lo_from_bytea(424242, 'a large object')",
  `ALTER LARGE OBJECT 424242 OWNER TO ${identifier(owner)}`,
  `REVOKE EXECUTE ON FUNCTION pg_catalog.pg_sleep(double precision) FROM PUBLIC`,
];
