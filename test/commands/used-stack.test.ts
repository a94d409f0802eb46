import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { BenchReport } from '../../bench/results.ts';
import type { BackupReport, RestoreReport } from '../../sandbox/backup/backup-report.ts';
import type { CrossStoreReport } from '../../sandbox/cross-store/check-across-stores.ts';
import type { RunningEngine } from '../../sandbox/engines/contract/topology.ts';
import { openPrimary } from '../../sandbox/engines/postgresql/server/connection.ts';
import { attachStack } from '../../sandbox/stack/attach/attach-stack.ts';
import { readSecrets, writeState } from '../../sandbox/stack/state/stack-state.ts';
import { runCommand, runForDocument, runForError, type StackFolder, stackFolder } from '../support/command.ts';
import { dataOf } from '../support/data-home.ts';

// Each runs up to a dozen commands, beside whatever else the machine does.
vi.setConfig({ testTimeout: 300_000 });

let folder: StackFolder;

beforeAll(async () => {
  folder = await stackFolder();
  // The index over vectors takes longer than all else, at each of the resets: with fewer, searches would not use it.
  await writeFile(join(folder.path, 'sandbox.config.yaml'), 'size: small,knowledge=1080\n');
  await runForDocument(['up', '--engines', 'postgresql,redis'], here());
}, 600_000);
afterAll(() => folder?.[Symbol.asyncDispose]());

const here = () => ({ cwd: folder.path });
const environment = () => runForDocument<Record<string, string>>(['env'], here());

/** What a service does, as the platform's own user. */
async function service(...statements: readonly string[]): Promise<void> {
  const client = new Client({ connectionString: (await environment()).DATABASE_URL });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

/** What somebody does who may change the schema. */
async function migrate(statement: string): Promise<void> {
  const { engines } = await attachStack({ directory: folder.path });
  const running = engines.get('postgresql');
  if (running === undefined) throw new Error('PostgreSQL runs');
  await using opened = await openPrimary(running, { database: 'taishang_users' });
  await opened.client.query(statement);
}

async function indexesOfUsers(): Promise<readonly string[]> {
  const { engines } = await attachStack({ directory: folder.path });
  await using opened = await openPrimary(engines.get('postgresql') as RunningEngine, { database: 'taishang_users' });
  const { rows } = await opened.client.query<{ name: string }>(
    "SELECT indexname AS name FROM pg_indexes WHERE tablename = 'users'",
  );
  return rows.map(({ name }) => name);
}

interface Seeded {
  readonly crossStore: CrossStoreReport;
}

const seed = (...flags: readonly string[]) => runForDocument<Seeded>(['seed', ...flags], here());

const addUser = "INSERT INTO users (username, email, password_hash) VALUES ('service', 'service@x.invalid', '-')";
const removeUser = "DELETE FROM users WHERE username = 'service'";
/** Of three short runs: how fast they are says nothing here. */
const measured = ['users of a cell', 'user by e-mail', 'cached user', '--duration', '60ms', '--warm-up', '20ms'];

test('a user that a service adds is counted and shown, and is a failure with --strict alone', async () => {
  expect((await seed('--strict')).crossStore).toMatchObject({
    ok: true,
    changes: { added: 0, changed: 0, removed: 0 },
  });
  await service(addUser);
  const shown = await runCommand(['seed'], here());
  expect(shown).toMatchObject({ exitCode: 0 });
  expect(shown.stdout).toMatch(
    /^ {2}postgresql: 1 user added since it was seeded; `npm run sandbox -- seed --reset` brings the data back and DELETES what was added$/m,
  );
  expect((await seed()).crossStore).toMatchObject({
    ok: true,
    changes: { version: 1, added: 1, changed: 0, removed: 0 },
  });
  const strict = await runCommand(['seed', '--strict', '--format', 'json'], here());
  expect(strict.exitCode).toBe(1);
  expect(JSON.parse(strict.stdout)).toMatchObject({ crossStore: { ok: false, changes: { added: 1 } } });

  const report = await runForDocument<BenchReport>(['bench', ...measured], here());
  const checked = Object.fromEntries(report.paths.map(({ path, answer }) => [path, answer.ok]));
  expect(checked).toEqual({ 'users of a cell': null, 'user by e-mail': true, 'cached user': true });
  const cells = report.paths.find(({ path }) => path === 'users of a cell');
  expect(cells?.answer.actual).toMatch(/^not checked: postgresql: 1 user added since it was seeded; it is /);
  expect(report.changes).toMatchObject({ added: 1 });
  const judged = await runCommand(['bench', '--strict', ...measured], here());
  expect(judged.exitCode).toBe(1);
  expect(judged.stdout).toMatch(/wrong answer postgresql \/ users of a cell/);
  await service(removeUser);
});

test('a plan that lost its index is wrong whatever the data', async () => {
  await service(addUser);
  await migrate(
    'DROP INDEX idx_user_permissions_user_id; ALTER TABLE user_permissions DROP CONSTRAINT user_permissions_user_id_permission_name_resource_type_reso_key',
  );
  await service('DELETE FROM user_permissions WHERE id = (SELECT min(id::text)::uuid FROM user_permissions)');
  const ended = await runCommand(['bench', 'permissions of a user', '--duration', '60ms', '--warm-up', '20ms'], here());
  expect(ended.exitCode).toBe(1);
  expect(ended.stdout).toMatch(/wrong plan postgresql \/ permissions of a user/);
  await migrate(
    `CREATE INDEX idx_user_permissions_user_id ON user_permissions (user_id);
     ALTER TABLE user_permissions ADD UNIQUE NULLS NOT DISTINCT (user_id, permission_name, resource_type, resource_id)`,
  );
  await seed('--reset');
});

test('a backup of a stack that was used holds its dataset, and its restore says what had changed', async () => {
  await service(addUser);
  const backup = await runForDocument<BackupReport>(['backup'], here());
  expect(backup.dataset).toMatchObject({ size: 'small,knowledge=1080' });
  const archive = join(dataOf(folder.path), 'backups', backup.archive.name);
  const restored = await runForDocument<RestoreReport>(['restore', archive, '--into', 'replace', '--yes'], here());
  expect(restored.crossStore).toMatchObject({ ok: true, changes: { added: 1, changed: 0, removed: 0 } });
  await runForDocument(['up', '--engines', 'postgresql,redis'], here());
  await service(removeUser);
  expect((await seed('--strict')).crossStore.ok).toBe(true);
});

test('differences of a load that no check has passed fail the next start, and the paths that meet them', async () => {
  await service('UPDATE users SET silicon_level = (silicon_level + 1) % 6');
  expect((await seed()).crossStore).toMatchObject({ ok: true, changes: { changed: 1_080 } });
  const { state } = await attachStack({ directory: folder.path });
  const key = (await readSecrets(folder.path, state.name))?.key;
  await writeState(folder.path, { ...state, unchecked: ['postgresql'] }, key);
  expect(await runForError(['seed'], here())).toMatchObject({ code: 'CROSS_STORE_DIFFERENT', exitCode: 1 });
  expect((await runCommand(['bench', ...measured], here())).exitCode).toBe(1);
  expect((await seed('--reset')).crossStore.ok).toBe(true);
  expect((await attachStack({ directory: folder.path })).state.unchecked ?? []).toEqual([]);
});

test('what a schema lacks is told, and `up --reset` brings it back, with rows that are gone', async () => {
  const up = ['up', '--engines', 'postgresql,redis'];
  await migrate('DROP INDEX idx_users_silicon_level');
  await migrate("CREATE INDEX of_a_service ON users (phone); ALTER TABLE users ALTER status SET DEFAULT 'inactive'");
  const redis = new Redis((await environment()).REDIS_URL ?? '');
  await redis.unlink(...(await redis.keys('user:*')));
  redis.disconnect();

  const error = await runForError(up, here());
  expect(error).toMatchObject({ exitCode: 1, code: 'SCHEMA_INCOMPLETE', engine: 'postgresql' });
  expect(error.next).toMatch(/`npm run sandbox -- up --reset` .*DELETES/);
  expect(error.evidence?.split('\n').toSorted()).toEqual([
    expect.stringMatching(
      /^postgresql: column users.status of taishang_users is different: it is .*'inactive'.*'active'/,
    ),
    'postgresql: index idx_users_silicon_level of taishang_users is missing',
  ]);
  // By the way of a start, which changes nothing of it either.
  const seeded = await runCommand(['seed'], here());
  expect(seeded).toMatchObject({ exitCode: 0 });
  expect(seeded.stdout).toMatch(/^incomplete 2 objects of the schemas are missing or different; /m);
  expect(seeded.stdout).toMatch(/redis: .* removed since it was seeded/);
  expect(seeded.stdout).not.toContain('It was there already');
  expect((await runCommand(['seed', '--strict'], here())).exitCode).toBe(1);

  await runForDocument([...up, '--reset'], here());
  expect(await indexesOfUsers()).toEqual(expect.arrayContaining(['idx_users_silicon_level', 'of_a_service']));
  const whole = await runCommand(['seed', '--strict'], here());
  expect(whole).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('It was there already') });
  await migrate('DROP INDEX of_a_service');
});

test('what is emptied, dropped and made unreadable stops no command, and --reset brings it back', async () => {
  await migrate('ALTER TABLE user_permissions DROP COLUMN resource_type CASCADE');
  const unreadable = await runForDocument<BenchReport>(
    ['bench', 'permissions of a user', '--duration', '60ms'],
    here(),
  );
  expect(unreadable.notRun).toEqual([
    {
      engine: 'postgresql',
      path: 'permissions of a user',
      reason: expect.stringMatching(
        /: [\d,]+ permissions changed since it was seeded; it fails: column "resource_type"/,
      ),
    },
  ]);
  await migrate('TRUNCATE users CASCADE; DROP TABLE user_sessions');
  await migrate('CREATE TABLE orders (user_id uuid REFERENCES users (id))');
  const redis = new Redis((await environment()).REDIS_URL ?? '');
  await redis.unlink(...(await redis.keys('user:*')));
  redis.disconnect();
  expect((await seed()).crossStore).toMatchObject({ ok: true, changes: { added: 0, changed: 0 } });
  const report = await runForDocument<BenchReport>(['bench', '--duration', '60ms', '--warm-up', '20ms'], here());
  const notRun = new Map(report.notRun.map(({ path, reason }) => [path, reason]));
  expect(notRun.get('user by e-mail')).toBe('not there: rows in taishang_users.users');
  expect(notRun.get('session by token')).toMatch(/table taishang_users.user_sessions/);
  expect(notRun.get('cached user')).toMatch(/keys user:\*/);
  expect((await seed('--reset')).crossStore.ok).toBe(true);
  expect((await seed('--strict')).crossStore.ok).toBe(true);
  await migrate('DROP TABLE orders');
});

test('`reset` brings back what was loaded last, without being told what that was', async () => {
  await service(addUser, 'DELETE FROM user_sessions');
  const { crossStore } = await runForDocument<Seeded>(['reset'], here());
  expect(crossStore).toMatchObject({ ok: true });
  expect((await seed('--strict')).crossStore).toMatchObject({
    ok: true,
    changes: { added: 0, changed: 0, removed: 0 },
  });
});
