import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { poll } from '../../sandbox/core/poll.ts';
import { ended, startTimeOf } from '../../sandbox/core/process/start-time.ts';
import { type ProgressEvent, silent } from '../../sandbox/core/progress.ts';
import { sha256Of } from '../../sandbox/core/sha256-of.ts';
import type { RunningEngine } from '../../sandbox/engines/contract/topology.ts';
import { loadEngine } from '../../sandbox/engines/load-engines.ts';
import { moduleMigrations } from '../../sandbox/engines/shared/migrations/modules.ts';
import { withConsoleShown } from '../../sandbox/stack/migrate/console-shown.ts';
import { migrationSignal } from '../../sandbox/stack/migrate/migration-bounds.ts';
import { runMigrationCommand } from '../../sandbox/stack/migrate/run-migration-command.ts';
import { withoutSecrets } from '../../sandbox/stack/migrate/without-secrets.ts';
import { seed, seedText } from '../support/seed.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'taishang-programs-'));
});

afterEach(() => rm(folder, { recursive: true }));

const secrets = { postgres: 'p/s+w0rd', taishang_user: 'application' };

const running: RunningEngine = {
  engine: 'postgresql',
  topology: 'standalone',
  image: { reference: 'none', digest: '', origin: 'built' },
  serverVersion: '17',
  nodes: [
    {
      engine: 'postgresql',
      name: 'postgresql',
      role: 'primary',
      host: '127.0.0.1',
      port: 5432,
      hostPorts: {},
      containerId: '',
      containerName: '',
      image: '',
      network: '',
      volumeNames: {},
    },
  ],
  secrets,
};

describe('a command', () => {
  const isGone = (pid: number) => {
    try {
      process.kill(pid, 0);
      // Whoever has to ask how an orphan ended may take its time, or never do so.
      return startTimeOf(pid) === ended;
    } catch {
      return true;
    }
  };

  const untilGone = (pid: number) =>
    poll(() => isGone(pid), { timeoutMs: 60_000, onTimeout: () => new Error(`process ${pid} runs on`) });

  const run = (program: string, signal?: AbortSignal, onText?: (text: string) => void) =>
    runWords([process.execPath, '-e', program], signal, onText);

  async function runWords(words: readonly string[], signal = new AbortController().signal, onText = (_: string) => {}) {
    const shown: string[] = [];
    const engine = await loadEngine('postgresql');
    const report = {
      advance: ({ text = '' }: { text?: string }) => {
        shown.push(text);
        onText(text);
      },
      summarise: () => {},
    };
    await runMigrationCommand({ engine, running, words, directory: folder, signal }, report);
    return shown;
  }

  test('runs in the folder of the stack, with the addresses in its environment, and its output has no password', async () => {
    const shown = await run(
      'console.log(process.cwd()); console.error(process.env.DATABASE_MIGRATION_URL, process.env.PGPASSWORD)',
    );
    // Of two pipes nobody knows which is read first.
    expect(shown.toSorted()).toEqual([folder, 'postgresql://postgres:***@127.0.0.1:5432/taishang_users ***']);
  });

  test('that fails is an error with the end of its output, and none of its environment', async () => {
    const program = `for (let n = 1; n <= 40; n += 1) console.log('line', n, process.env.PGPASSWORD); process.exitCode = 3;`;
    const thrown = await run(program).catch((error: unknown) => error as Error & { evidence: string });
    expect(thrown).toMatchObject({
      code: 'MIGRATION_FAILED',
      engine: 'postgresql',
      message: expect.stringContaining('(exit code 3)'),
    });
    expect((thrown as { evidence: string }).evidence.split('\n')).toEqual(
      Array.from({ length: 30 }, (_, index) => `line ${index + 11} ***`),
    );
    const all = JSON.stringify(thrown, Object.getOwnPropertyNames(thrown)) + String((thrown as Error).cause);
    for (const secret of Object.values(secrets)) expect(all).not.toContain(secret);
  });

  test('that is not there is named', async () => {
    const engine = await loadEngine('postgresql');
    const { signal } = new AbortController();
    const words = ['no-such-program-of-migrations'];
    const report = { advance: () => {}, summarise: () => {} };
    await expect(
      runMigrationCommand({ engine, running, words, directory: folder, signal }, report),
    ).rejects.toMatchObject({
      code: 'MIGRATION_FAILED',
      message: '`no-such-program-of-migrations`: it could not be run (ENOENT).',
    });
  });

  test('shows no codes of a terminal, and any amount of output', async () => {
    const shown = await run(
      "console.log('\\u001b[31mred\\u001b[0m'); process.stdout.write('x'.repeat(8e6) + '\\nlast\\n')",
    );
    expect([shown.at(0), shown.at(-1)]).toEqual(['red', 'last']);
  });

  test.each([
    ['in its group', ''],
    ['in a group of its own, with its output', ', detached: true'],
  ])('takes what it has left running %s with it, or is not held by it', async (_, options) => {
    const idle = `require('node:child_process').spawn(process.execPath, ['-e', 'setTimeout(() => {}, 20_000)'], { stdio: 'inherit'${options} })`;
    const shown = await run(`const child = ${idle}; child.unref(); console.log(child.pid); process.exitCode = 0;`);
    const pid = Number(shown[0]);
    if (options === '') await untilGone(pid);
    else process.kill(pid, 'SIGKILL');
  });

  test('ends with an interrupt, with what it runs', async () => {
    const interrupt = new AbortController();
    const shell =
      "require('node:child_process').spawnSync('sh', ['-c', 'echo $$; trap : TERM; sleep 20; sleep 20'], { stdio: 'inherit' })";
    const shown: string[] = [];
    const ending = run(shell, interrupt.signal, (text) => {
      shown.push(text);
      interrupt.abort(new Error('interrupted'));
    });
    await expect(ending).rejects.toThrow('interrupted');
    await untilGone(Number(shown[0]));
  });

  test('that does not end is an error with what it has said', async () => {
    // What is loaded by the first run takes none of the time of this one, nor does a program that is slow to begin.
    await runWords(['true']);
    vi.stubEnv('SANDBOX_DEADLINE_FACTOR', '0.003');
    const { signal } = new AbortController();
    const words = ['sh', '-c', 'echo begun; exec sleep 60'];
    const thrown = await runWords(words, migrationSignal(signal)).catch((error) => error);
    vi.unstubAllEnvs();
    expect(thrown).toMatchObject({
      code: 'MIGRATION_FAILED',
      message: expect.stringContaining('has not ended after 3.6 s'),
    });
    expect(thrown.evidence).toBe('begun');
  });

  test('ends with an interrupt', async () => {
    const interrupt = new AbortController();
    const running = run('console.log("begun"); setInterval(() => {}, 1_000)', interrupt.signal);
    interrupt.abort(new Error('interrupted'));
    await expect(running).rejects.toThrow('interrupted');
  });
});

test(`no form of a password is left in a text (${seedText})`, () => {
  const frame = ['role is at postgresql://user:', '@host/ '] as const;
  const secret = fc
    .string({ minLength: 1, maxLength: 12, unit: 'grapheme-ascii' })
    .filter((text) => text.trim() !== '' && !`***${frame.join('***')}***`.includes(text));
  fc.assert(
    fc.property(fc.uniqueArray(secret, { minLength: 1, maxLength: 3 }), (texts) => {
      const secrets = Object.fromEntries(texts.map((text, index) => [`role${index}`, text]));
      const said = texts.map((text) => `${frame[0]}${encodeURIComponent(text)}${frame[1]}${text}`).join('\n');
      const clean = withoutSecrets(said, secrets);
      for (const text of texts) {
        expect(clean).not.toContain(text);
        expect(clean).not.toContain(encodeURIComponent(text));
      }
    }),
    { seed },
  );
});

describe('a module', () => {
  const calls: string[] = [];
  const files = moduleMigrations<string[]>(
    async () => ({ client: calls, [Symbol.asyncDispose]: async () => void calls.push('closed') }),
    (client) => [client, 'second'],
  );

  async function run(name: string, text: string) {
    const path = join(folder, name);
    await writeFile(path, text);
    calls.length = 0;
    await files.run(running, { name, path, shown: `db/${name}`, text, hash: sha256Of(text) });
    return [...calls];
  }

  test.each([
    ['up.mjs', 'export async function up(db, second) { db.push(second); }'],
    ['default.mjs', 'export default async (db, second) => { db.push(second); };'],
    ['migrate-mongo.cjs', 'module.exports = { async up(db, second) { db.push(second); }, async down() {} };'],
    ['function.cjs', 'module.exports = (db, second) => { db.push(second); };'],
    ['syntax.js', 'export const up = async (db, second) => { db.push(second); };'],
  ])('%s is called with the client, which is closed afterwards', async (name, text) => {
    expect(await run(name, text)).toEqual(['second', 'closed']);
  });

  test('that has changed is taken as it is now', async () => {
    expect(await run('1.mjs', 'export const up = (db) => db.push("one");')).toEqual(['one', 'closed']);
    expect(await run('1.mjs', 'export const up = (db) => db.push("two");')).toEqual(['two', 'closed']);
    expect(await run('2.cjs', 'exports.up = (db) => db.push("one");')).toEqual(['one', 'closed']);
    expect(await run('2.cjs', 'exports.up = (db) => db.push("two");')).toEqual(['two', 'closed']);
  });

  test('prints as progress where somebody listens, without passwords, and else as ever', async () => {
    const said: string[] = [];
    const listen = (event: ProgressEvent) => void (event.kind === 'notice' && said.push(event.text));
    const own = globalThis.console;
    await withConsoleShown(listen, secrets, () =>
      run(
        'says.mjs',
        `export const up = () => { console.log('two', { lines: '${secrets.postgres}' }); console.error('more'); };`,
      ),
    );
    expect(said).toEqual(["two { lines: '***' }", 'more']);
    expect(globalThis.console).toBe(own);
    await withConsoleShown(silent, secrets, async () => expect(globalThis.console).toBe(own));
  });

  test.each([
    [
      'throws.mjs',
      'export async function up() {\n  const a = 1;\n  throw new Error("no " + a);\n}',
      'db/throws.mjs:3: no 1',
    ],
    ['two words é.cjs', 'module.exports = () => {\n  throw new Error("no");\n}', 'db/two words é.cjs:2: no'],
    ['shell.mjs', '\ndb.createCollection("x");', 'db/shell.mjs:2: db is not defined'],
    ['none.mjs', 'export const down = 1;', 'db/none.mjs: it exports no function `up`'],
  ])('%s fails with its place', async (name, text, message) => {
    await expect(run(name, text)).rejects.toMatchObject({
      code: 'MIGRATION_FAILED',
      engine: 'postgresql',
      message: expect.stringContaining(message),
    });
  });
});
