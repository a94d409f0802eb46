import { execa } from 'execa';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunningEngine } from '../../sandbox/engines/contract/topology.ts';
import { loadEngine } from '../../sandbox/engines/load-engines.ts';
import { commandProgram } from '../../scenarios/backup/whole-platform/command.ts';
import { runForDocument, runForError, type StackFolder, stackFolder } from '../support/command.ts';

let folder: StackFolder;
beforeAll(async () => {
  folder = await stackFolder();
  const engines = ['--engines', 'postgresql,neo4j,mongodb'];
  expect(await folder.run('up', ...engines, '--size', 'none', '--progress', 'quiet')).toMatchObject({ exitCode: 0 });
});
afterAll(() => folder?.[Symbol.asyncDispose]());

const here = () => ({ cwd: folder.path });

/** A command with its own standard input, as a pipe or as a terminal. */
async function typed(input: string, args: readonly string[], terminal = false) {
  const command = [process.execPath, commandProgram, ...args];
  const quoted = command.map((word) => `'${word}'`).join(' ');
  const [program = '', ...rest] = terminal ? ['script', '-qec', quoted, '/dev/null'] : command;
  return execa(program, rest, { ...here(), input, reject: false });
}

describe('`psql`', () => {
  test('asks as the application, in its database', async () => {
    const ended = await folder.run('psql', '-tA', '-c', 'SELECT current_user, current_database()');
    expect(ended).toMatchObject({ exitCode: 0, stdout: 'taishang_user|taishang_users\n', stderr: '' });
  });

  test('with --admin owns the schema', async () => {
    const statement = 'ALTER TABLE users ADD COLUMN shoe_size int; ALTER TABLE users DROP COLUMN shoe_size';
    expect(await folder.run('psql', '-c', statement)).toMatchObject({ exitCode: 1 });
    expect(await folder.run('psql', '--admin', '-q', '-c', statement)).toMatchObject({ exitCode: 0, stderr: '' });
  });

  test('reads a script from a pipe, and passes on how it ended', async () => {
    expect(await typed('SELECT 6 * 7;\n', ['psql', '-tA'])).toMatchObject({ exitCode: 0, stdout: '42' });
    const broken = await typed('SELEC;\n', ['psql', '-v', 'ON_ERROR_STOP=1']);
    expect(broken).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('syntax error') });
  });

  test('is a terminal to the program where it has one', async () => {
    const { exitCode, stdout } = await typed('SELECT 6 * 7;\n\\q\n', ['psql', '-A'], true);
    expect(exitCode).toBe(0);
    // The prompt, which psql writes to a terminal alone.
    expect(stdout).toContain('taishang_users=>');
    expect(stdout).toMatch(/^42\r?$/m);
  });
});

test('`cypher` asks Neo4j', async () => {
  const ended = await folder.run('cypher', '--format', 'plain', 'RETURN 6 * 7 AS answer');
  expect(ended).toMatchObject({ exitCode: 0, stdout: 'answer\n42\n' });
});

test('an image without the shell is named, and what to do instead', async () => {
  const { image } = (
    await runForDocument<{ engines: { engine: string; image: { origin: string } }[] }>(['status'], here())
  ).engines.find(({ engine }) => engine === 'mongodb') ?? { image: undefined };
  if (image?.origin === 'official') {
    expect(await folder.run('mongosh', '--eval', '6 * 7')).toMatchObject({ exitCode: 0 });
    return;
  }
  expect(await runForError(['mongosh'], here())).toMatchObject({
    exitCode: 1,
    code: 'COMMAND_FAILED',
    message: expect.stringContaining('has no `mongosh`'),
    next: expect.stringContaining('npx mongosh'),
  });
});

describe('`--admin`', () => {
  test('adds a login for migrations to the environment, and leaves the application its own', async () => {
    const own = await runForDocument<Record<string, string>>(['env'], here());
    const all = await runForDocument<Record<string, string>>(['env', '--admin'], here());
    expect(all).toMatchObject(own);
    const added = Object.keys(all).filter((name) => !(name in own));
    expect(added).toEqual(
      expect.arrayContaining(['DATABASE_MIGRATION_URL', 'NEO4J_MIGRATION_URI', 'MONGODB_MIGRATION_URI']),
    );
    expect(added.every((name) => name.includes('MIGRATION'))).toBe(true);
    const client = new Client({ connectionString: all.DATABASE_MIGRATION_URL });
    await client.connect();
    try {
      await client.query('BEGIN; CREATE INDEX shells_test ON users (email); ROLLBACK');
    } finally {
      await client.end();
    }
  });

  test('also for a command', async () => {
    const names = 'env | grep -c MIGRATION';
    expect((await folder.run('exec', '--admin', '--', 'sh', '-c', names)).stdout.trim()).not.toBe('0');
    expect((await folder.run('exec', '--', 'sh', '-c', names)).stdout.trim()).toBe('0');
  });
});

describe('no password is among the arguments', () => {
  test('of psql', async () => {
    const ended = await folder.run('psql', '-c', '\\! tr "\\0" " " < /proc/$PPID/cmdline');
    expect(ended.stdout).toMatch(/psql --no-psqlrc /);
    const { PGPASSWORD = '' } = await runForDocument<Record<string, string>>(['env'], here());
    expect(PGPASSWORD).not.toBe('');
    expect(ended.stdout).not.toContain(PGPASSWORD);
  });

  test.each(['mongodb', 'neo4j', 'redis'] as const)('of the shell of %s', async (name) => {
    const { shell, secretNames } = await loadEngine(name);
    if (shell === undefined) throw new Error(`${name} has no shell`);
    const secrets = Object.fromEntries(secretNames.map((secret) => [secret, `secret of ${secret}`]));
    const running = { engine: name, topology: 'standalone', nodes: [{}], secrets } as unknown as RunningEngine;
    const { command, environment } = await shell.call(running, { admin: false, args: [] });
    expect(command.join(' ')).not.toContain('secret of');
    expect(Object.values(environment ?? {}).join(' ')).toContain('secret of');
  });
});
