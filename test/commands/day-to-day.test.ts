import { mkdtemp, readFile, realpath, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { docker } from '../../sandbox/containers/runtime/docker.ts';
import { poll } from '../../sandbox/core/poll.ts';
import type { StackStatus } from '../../sandbox/stack/attach/stack-status.ts';
import { runCommand, runForDocument, runForError, type StackFolder, stackFolder } from '../support/command.ts';

const project = resolve(import.meta.dirname, '../..');
const cli = join(project, 'sandbox', 'cli.ts');

let folder: StackFolder;
beforeAll(async () => {
  folder = await stackFolder();
  const ended = await folder.run('up', '--engines', 'redis,qdrant', '--size', 'none', '--progress', 'quiet');
  expect(ended).toMatchObject({ exitCode: 0 });
});
afterAll(() => folder?.[Symbol.asyncDispose]());
afterEach(async () => {
  expect(await folder.run('fault', 'heal')).toMatchObject({ exitCode: 0 });
});

const here = () => ({ cwd: folder.path });

/** A shell command, with `sandbox` as this checkout's program. */
const shell = (script: string) =>
  execa('bash', ['-c', `sandbox() { "${process.execPath}" "${cli}" "$@"; }; ${script}`], {
    ...here(),
    reject: false,
  });

describe('`exec`', () => {
  test("runs where the caller stands and with the caller's own programs, also through npm", async () => {
    const place = await realpath(await mkdtemp(join(tmpdir(), 'taishang-caller-')));
    try {
      const script = 'pwd; command -v node; env | grep -c "^MALLOC_ARENA_MAX=\\|^npm_lifecycle\\|^INIT_CWD" || true';
      const command = ['exec', '--directory', folder.path, '--', 'sh', '-c', script];
      const { stdout } = await execa('npm', ['--prefix', project, 'run', '--silent', 'sandbox', '--', ...command], {
        cwd: place,
      });
      const [where, node, leftovers] = stdout.split('\n');
      expect(where).toBe(place);
      expect(node).not.toContain(join(project, 'node_modules'));
      expect(leftovers).toBe('0');
    } finally {
      await rm(place, { recursive: true });
    }
  });

  test.each(['pause', 'kill'])('is there to see what a service does without an engine: %s', async (kind) => {
    expect(await folder.run('fault', kind, 'redis')).toMatchObject({ exitCode: 0 });
    const ended = await folder.run('exec', '--', 'sh', '-c', 'echo "$REDIS_URL" | cut -d: -f1');
    expect(ended).toMatchObject({ exitCode: 0, stdout: 'redis\n' });
    expect(await folder.run('env')).toMatchObject({ exitCode: 0 });
  });
});

test.each([
  ['pause', 'paused'],
  ['kill', 'stopped'],
])('`status` tells what a node is: after %s %s', async (kind, state) => {
  await folder.run('fault', kind, 'redis');
  const status = await runForDocument<{ state: string; engines: { engine: string; state: string }[] }>(
    ['status'],
    here(),
  );
  expect(status.state).toBe('degraded');
  expect(status.engines.find(({ engine }) => engine === 'redis')).toMatchObject({ state, nodes: [{ state }] });
});

describe('`env --file`', () => {
  test('writes a file that only its owner can read', async () => {
    const file = join(folder.path, '.env');
    await writeFile(file, 'an older one', { mode: 0o644 });
    expect(await folder.run('env', '--file', '.env')).toMatchObject({ exitCode: 0 });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const { stdout } = await execa('sh', ['-c', '. ./.env; echo "$REDIS_URL"'], here());
    expect(stdout).toMatch(/^redis:\/\/default:/);
  });

  test('follows no link', async () => {
    const [file, target] = [join(folder.path, 'link.env'), join(folder.path, 'somebody-elses')];
    await writeFile(target, 'as it was');
    await symlink(target, file);
    expect(await runForError(['env', '--file', file], here())).toMatchObject({ exitCode: 2, code: 'BAD_OPTION' });
    expect(await readFile(target, 'utf8')).toBe('as it was');
  });

  test('says where git would take the passwords in', async () => {
    await execa('git', ['init', '--quiet'], here());
    const seen = async () => (await folder.run('env', '--file', '.env')).stdout;
    expect(await seen()).toContain('git does not ignore it');
    await writeFile(join(folder.path, '.gitignore'), '.env\n');
    expect(await seen()).not.toContain('git');
  });

  test('quotes nothing for `docker run --env-file`, which would keep the quotes', async () => {
    const json = await runForDocument<Record<string, string>>(['env'], here());
    const { stdout } = await folder.run('env', '--format', 'docker');
    expect(stdout).toBe(
      Object.entries(json)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(''),
    );
  });
});

describe('`logs`', () => {
  test('takes engines and nodes, several at once', async () => {
    const { stdout } = await folder.run('logs', 'redis', 'qdrant', '--tail', '2');
    expect(stdout.split('\n').filter((line) => line.startsWith('redis | '))).toHaveLength(2);
    expect(stdout).toMatch(/^qdrant \| /m);
  });

  test('ends once its reader has seen enough', async () => {
    const writer = shell('sandbox logs redis --follow --tail 1 | head -1');
    let ended = false;
    void writer.finally(() => {
      ended = true;
    });
    const { REDIS_URL = '' } = await runForDocument<Record<string, string>>(['env', '--engines', 'redis'], here());
    const client = new Redis(REDIS_URL);
    try {
      // Each save is a line in the log, and the next line is what a closed end is noticed by.
      const saved = async () => {
        await client.call('BGSAVE').catch(() => {});
        return ended;
      };
      await poll(saved, { timeoutMs: 60_000, onTimeout: () => new Error('`logs --follow | head -1` goes on') });
    } finally {
      client.disconnect();
    }
    expect(await writer).toMatchObject({ exitCode: 0 });
  });
});

describe('output that cannot be written', () => {
  test.each(['status', 'status --format json', 'env', '--help'])('`%s`: exit code 1', async (command) => {
    const { exitCode, stderr } = await shell(`sandbox ${command} > /dev/full`);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/OUTPUT_FAILED.*ENOSPC/);
  });

  test('is no error where the reader has seen enough', async () => {
    const { stdout } = await shell('set -o pipefail; sandbox --help | head -1; echo "$?"');
    expect(stdout.split('\n')).toEqual([expect.stringMatching(/^Usage/), '0']);
  });
});

describe('a fault that is there already', () => {
  test.each(['kill', 'stop', 'pause'])('`fault %s` twice: refused with what to do', async (kind) => {
    expect(await folder.run('fault', kind, 'redis')).toMatchObject({ exitCode: 0 });
    const again = await runForError(['fault', kind, 'redis'], here());
    expect(again).toMatchObject({
      exitCode: 1,
      code: 'STACK_NOT_RUNNING',
      next: expect.stringContaining('fault heal'),
    });
  });
});

describe('what people know from Compose', () => {
  test('`stop`, `start` and `restart` keep the data', async () => {
    const ask = async (script: string) => {
      const { REDIS_URL = '' } = await runForDocument<Record<string, string>>(['env', '--engines', 'redis'], here());
      const client = new Redis(REDIS_URL);
      try {
        return await client.eval(script, 0);
      } finally {
        client.disconnect();
      }
    };
    await ask("redis.call('SET', 'mine', 'kept')");
    expect(await folder.run('stop')).toMatchObject({ exitCode: 0 });
    expect(await folder.run('start')).toMatchObject({ exitCode: 0 });
    expect(await ask("return redis.call('GET', 'mine')")).toBe('kept');
    expect(await folder.run('restart')).toMatchObject({ exitCode: 0 });
    expect(await ask("return redis.call('GET', 'mine')")).toBe('kept');
    expect(await runForDocument(['ps'], here())).toMatchObject({ state: 'running', engines: [{}, {}] });
  });

  test('`stop` and `start` bring back what ran: an engine that was left out stays so, and `reset` leaves its data alone', async () => {
    const runs = async () =>
      (await runForDocument<StackStatus>(['ps'], here())).engines
        .filter(({ state }) => state === 'running')
        .map(({ engine }) => engine);
    await folder.run('stop');
    await runForDocument(['up', '--engines', 'redis', '--size', 'none'], here());
    await folder.run('stop');
    await folder.run('start');
    expect(await runs()).toEqual(['redis']);
    expect(await runForDocument(['reset'], here())).toMatchObject({ engines: ['redis'], leftOut: ['qdrant'] });
    expect(await runs()).toEqual(['redis']);
    await runForDocument(['up', '--engines', 'redis,qdrant', '--size', 'none'], here());
  });

  test('`start` refuses where there is nothing to start', async () => {
    await using empty = await stackFolder();
    expect(await runForError(['start'], { cwd: empty.path })).toMatchObject({ exitCode: 1, code: 'STACK_NOT_RUNNING' });
  });

  test('`--version` and `help COMMAND`', async () => {
    expect(await runCommand(['--version'])).toMatchObject({ exitCode: 0, stdout: `${manifest.version}\n` });
    expect(await runCommand(['help', 'up'])).toMatchObject({
      exitCode: 0,
      stdout: (await runCommand(['up', '--help'])).stdout,
    });
  });
});

test('the output of a node takes a bounded part of the disk', async () => {
  const { engines } = await runForDocument<{ engines: { nodes: { container: string }[] }[] }>(['status'], here());
  for (const { container } of engines.flatMap(({ nodes }) => nodes)) {
    const { HostConfig } = await (await docker()).getContainer(container).inspect();
    expect(HostConfig.LogConfig?.Config).toMatchObject({ 'max-size': '20m', 'max-file': '3' });
  }
});

test('a checkout has line feeds, whatever git is told to make of them', async () => {
  const place = await mkdtemp(join(tmpdir(), 'taishang-clone-'));
  try {
    await execa('git', ['-c', 'core.autocrlf=true', 'clone', '--quiet', project, place]);
    const { stdout } = await execa('git', ['ls-files', '--eol'], { cwd: place });
    expect(stdout.split('\n').filter((line) => /w\/(crlf|mixed)/.test(line))).toEqual([]);
  } finally {
    await rm(place, { recursive: true });
  }
});
