/** What a statement, a name or a path out of an archive must never become. */
export const canary = 'fuzz_canary';

/** Names that mean something to a path, a shell, SQL, a connection string, a terminal or JavaScript. */
export const hostileNames: readonly string[] = [
  ...['../../outside.bson', '../../pipe', '/etc/passwd', '..', '.', 'a/b', 'a/../b', '', ' ', 'C:\\x', 'CON', 'é'],
  ...['a\0b', 'a\nb', 'a\rb', '\x1b]0;title\x07', '\u202e', '\ud800', 'x'.repeat(300), '数'.repeat(80)],
  ...['constructor', '__proto__', 'toString', 'hasOwnProperty', '%zz', '%2e%2e%2f', '--help', '-c', '-'],
  ...['template0', 'template1', 'postgres', 'admin', 'config', 'local', 'system', 'default', 'taishang_sandbox'],
  `host=127.0.0.1 user=${canary} dbname=postgres`,
  `postgresql://${canary}@127.0.0.1/postgres`,
  `a'; CREATE ROLE ${canary} SUPERUSER LOGIN; --`,
  `a"; CREATE ROLE ${canary} SUPERUSER LOGIN; --`,
  `$(touch /tmp/${canary})`,
  `\`touch /tmp/${canary}\``,
  `\\! touch /tmp/${canary}`,
];

/** Statements that no archive may bring to a server. */
export const hostileStatements: readonly string[] = [
  `COPY (SELECT 1) TO PROGRAM 'touch /tmp/${canary}';`,
  `CREATE ROLE ${canary} SUPERUSER LOGIN PASSWORD 'x';`,
  `ALTER ROLE postgres PASSWORD '${canary}';`,
  `ALTER SYSTEM SET archive_command = 'touch /tmp/${canary}';`,
  `\\! touch /tmp/${canary}`,
  `\\connect "host=127.0.0.1 user=${canary}"`,
  `DO $$ BEGIN EXECUTE 'CREATE ROLE ${canary} SUPERUSER LOGIN'; END $$;`,
  `CREATE ROLE "${canary}"; ALTER ROLE "${canary}" SUPERUSER LOGIN;`,
  "CREATE ROLE x PASSWORD 'never ends",
  'CREATE ROLE x /* never ends',
  'CREATE ROLE x $tag$ never ends',
  `CREATE ROLE ${'('.repeat(20_000)}`,
  'CREATE ROLE a\0b;',
];

/** Lines that are no users, or about the stack's own. */
export const foreignAclLines: readonly string[] = [
  'loadmodule /tmp/fuzz.so',
  'rename-command FLUSHALL ""',
  'user default off',
  'user default on nopass ~* +@all',
  'user bob on nopass ~* +@all\rloadmodule /tmp/fuzz.so',
  'user bob on >secret ~* +get',
  'user bob on (~a',
  'user bob on +',
  'user',
  `user ${'x'.repeat(10)}\0y on +get`,
];

/** Lines of users that open a door to others. */
export const doorAclLines: readonly string[] = [
  'user bob on nopass ~* +@all',
  'user bob on nopass ~* +get',
  `user bob on #${'a'.repeat(64)} ~* &* +@all`,
  `user bob on #${'a'.repeat(64)} (~* +@all)`,
  `user bob on #${'a'.repeat(64)} ~* -@all +config`,
];

/** Values in the place of any other, as JSON; some of them are none. */
export const hostileJson: readonly string[] = [
  ...['null', 'true', '0', '-1', '1.5', '1e308', '1e999', '9007199254740993', '2147483648', '[]', '{}', '""', 'NaN'],
  ...[`1${'0'.repeat(400)}`, '"\\ud800"', '"\\u0000"', '{"name":"a","name":"b"}', '{"__proto__":{"file":"x"}}'],
  `${'['.repeat(100_000)}${']'.repeat(100_000)}`,
  `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`,
  JSON.stringify('x'.repeat(2_000_000)),
  JSON.stringify(Array.from({ length: 100_000 }, () => 0)),
];
