import { once } from 'node:events';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startCommand } from '../../scenarios/backup/whole-platform/command.ts';
import { runCommand, runForDocument, runForError, type StackFolder, stackFolder } from '../support/command.ts';

/** Vectors take longer to load than all else, three times here, and what is tested is not their number. */
const size = 'small,knowledge=216';

let folder: StackFolder;
let upText: string;
let upProgress: string;

beforeAll(async () => {
  folder = await stackFolder();
  await writeFile(join(folder.path, 'sandbox.config.yaml'), `size: ${size}\n`);
  const ended = await runCommand(['up', '--engines', 'redis,qdrant', '--progress', 'plain'], { cwd: folder.path });
  expect(ended.exitCode).toBe(0);
  upText = ended.stdout;
  upProgress = ended.stderr;
});
afterAll(() => folder?.[Symbol.asyncDispose]());

const here = () => ({ cwd: folder.path });

describe.concurrent('`up` for people', () => {
  test('shows the slowest chain: what was ready when, and what it waited for', () => {
    expect(upText).toMatch(/Slowest chain of the start/);
    expect(upText).toMatch(/ s {2}cross-store check +\S+ \S+ +after load (redis|qdrant)/);
  });

  test('says each step in a plain line of its own where there is no terminal', () => {
    for (const step of ['start / redis', 'schema / qdrant', 'load / redis', 'check across stores']) {
      expect(upProgress).toMatch(new RegExp(`^done {2}${step}`, 'm'));
    }
    expect(upProgress).not.toContain('\u001b');
  });

  test('prints endpoints without passwords', () => {
    expect(upText).toMatch(/redis +redis:\/\/default:\*\*\*@127\.0\.0\.1:\d+\/0/);
  });
});

describe.concurrent('`env`', () => {
  test('gives what an application needs, in two forms that agree', async () => {
    const [json, text] = await Promise.all([
      runForDocument<Record<string, string>>(['env'], here()),
      folder.run('env', '--format', 'dotenv'),
    ]);
    expect(Object.keys(json).toSorted()).toEqual(expect.arrayContaining(['QDRANT_API_KEY', 'QDRANT_URL', 'REDIS_URL']));
    const { stdout } = await execa(
      'sh',
      ['-c', 'set -a; eval "$(cat)"; printf "%s|%s" "$REDIS_URL" "$QDRANT_API_KEY"'],
      {
        input: text.stdout,
      },
    );
    expect(stdout).toBe(`${json.REDIS_URL}|${json.QDRANT_API_KEY}`);
  });

  test('can be asked of one engine', async () => {
    const json = await runForDocument<object>(['env', '--engines', 'redis'], here());
    expect(Object.keys(json).every((name) => name.startsWith('REDIS_'))).toBe(true);
  });

  test('leads a driver to data', async () => {
    const { REDIS_URL = '' } = await runForDocument<Record<string, string>>(['env'], here());
    const client = new Redis(REDIS_URL);
    try {
      expect(await client.dbsize()).toBeGreaterThanOrEqual(1_080);
    } finally {
      client.disconnect();
    }
  });

  test('refuses engines that do not run', async () => {
    expect(await runForError(['env', '--engines', 'neo4j'], here())).toMatchObject({
      exitCode: 1,
      code: 'STACK_NOT_RUNNING',
      message: expect.stringContaining('neo4j'),
    });
  });
});

describe.concurrent('`exec`', () => {
  const exec = (...command: readonly string[]) => runCommand(['exec', '--', ...command], here());

  test('runs a command with the environment of the stack, and its output as it is', async () => {
    expect(await exec('sh', '-c', 'echo "$REDIS_URL" | cut -d: -f1')).toMatchObject({ exitCode: 0, stdout: 'redis\n' });
  });

  test('ends as the command ended', async () => {
    expect(await exec('sh', '-c', 'exit 42')).toMatchObject({ exitCode: 42 });
    expect(await exec('sh', '-c', 'kill -TERM $$')).toMatchObject({ exitCode: 143 });
  });

  test('passes options behind -- on, also those that are its own', async () => {
    expect(await exec('echo', '--help', '--format', 'json')).toMatchObject({ stdout: '--help --format json\n' });
  });

  test('passes a signal on', async () => {
    const running = startCommand(
      ['exec', '--', 'sh', '-c', 'trap "exit 9" TERM; echo ready; while :; do sleep 0.05; done'],
      here(),
    );
    await once(running.stdout, 'data');
    running.kill('SIGTERM');
    expect(await running).toMatchObject({ exitCode: 9 });
  });

  test('says what cannot be run', async () => {
    const ended = await exec('no-such-program');
    expect(ended).toMatchObject({ exitCode: 1 });
    expect(ended.stderr).toMatch(/error \[COMMAND_FAILED\].*no-such-program/);
  });
});

describe.concurrent('`logs`', () => {
  test('shows the lines of one engine, or of all', async () => {
    const [one, all] = await Promise.all([folder.run('logs', 'redis', '--lines', '5'), folder.run('logs')]);
    expect(one.stdout.trim().split('\n')).toHaveLength(5);
    expect(one.stdout).toMatch(/^(redis \| .*\n)+$/);
    expect(all.stdout).toMatch(/^qdrant \| /m);
  });

  test('is one document with --format json', async () => {
    const document = await runForDocument<{ lines: object[] }>(['logs', 'redis', '--lines', '3'], here());
    expect(document).toMatchObject({ version: 1, lines: Array(3).fill({ engine: 'redis', node: 'redis' }) });
  });

  test('follows until it is interrupted', async () => {
    const running = startCommand(['logs', 'redis', '--follow', '--lines', '1'], here());
    await once(running.stdout, 'data');
    running.kill('SIGINT');
    expect(await running).toMatchObject({ exitCode: 0 });
  });
});

describe.concurrent('`wait`', () => {
  test('returns once every engine answers', async () => {
    expect(await runForDocument(['wait'], here())).toMatchObject({ state: 'running' });
  });

  test('gives up in time where nothing runs', async () => {
    await using empty = await stackFolder();
    expect(await runForError(['wait', '--wait-timeout', '200ms'], { cwd: empty.path })).toMatchObject({
      exitCode: 1,
      code: 'NODE_NOT_READY',
    });
  });
});

describe('`seed`', () => {
  test('changes nothing where the data is there, and refuses to replace other data unasked', async () => {
    const there = await runForDocument<{ fingerprint: string }>(['seed'], here());
    expect(there.fingerprint).toMatch(/^[0-9a-f]{64}$/);
    expect(await runForError(['seed', '--seed', '7'], here())).toMatchObject({
      code: 'DATASET_DIFFERENT',
      exitCode: 1,
    });
    const other = await runForDocument<object>(['seed', '--seed', '7', '--reset'], here());
    expect(other).toMatchObject({ seed: 7, crossStore: { ok: true } });
    expect(other).not.toMatchObject({ fingerprint: there.fingerprint });
    expect(await runForDocument(['seed', '--reset'], here())).toMatchObject({ fingerprint: there.fingerprint });
  });
});

describe('`bench`', () => {
  test('measures query paths of the stack, in the shape that others read', async () => {
    const report = await runForDocument<{ paths: object[] }>(['bench', '--duration', '200ms'], here());
    expect(report).toMatchObject({ version: 1, environment: expect.any(Object) });
    const engines = report.paths.map((path) => (path as { engine: string }).engine);
    expect(engines.toSorted()).toEqual([...Array(4).fill('qdrant'), ...Array(5).fill('redis')]);
    for (const path of report.paths) {
      expect(path).toMatchObject({
        path: expect.any(String),
        mode: 'closed',
        origin: expect.stringMatching(/^(official|built|compatible)$/),
        clients: 1,
        achievedPerS: expect.any(Number),
        samples: expect.any(Number),
        p50Us: expect.any(Number),
        p90Us: expect.any(Number),
        p99Us: expect.any(Number),
        maxUs: expect.any(Number),
        plan: { ok: true },
        answer: { ok: true },
      });
    }
  });

  test('measures a server by its address alone, and says of each objective whether it was kept', async () => {
    const { REDIS_URL = '' } = await runForDocument<Record<string, string>>(['env'], here());
    const options = { env: { SOMEBODYS_REDIS: REDIS_URL, SANDBOX_SIZE: size } };
    const args = ['bench', 'cached user', '--url', 'redis=env:SOMEBODYS_REDIS', '--duration', '300ms'];
    const report = await runForDocument<{ paths: object[]; notRun: object[] }>(args, options);
    expect(report.paths).toMatchObject([
      { engine: 'redis', origin: 'external', answer: { ok: true }, objective: { p99Ms: 2 } },
    ]);
    expect(JSON.stringify(report)).not.toContain(new URL(REDIS_URL).password);
    const named = await runForError(['bench', '--url', `redis=${REDIS_URL}`], options);
    expect(named).toMatchObject({ exitCode: 2, code: 'BAD_OPTION' });
    expect(JSON.stringify(named)).not.toContain(new URL(REDIS_URL).password);
  });

  test('refuses a query path that does not exist', async () => {
    expect(await runForError(['bench', 'no such path'], here())).toMatchObject({ exitCode: 2, code: 'BAD_OPTION' });
  });
});

describe('the machine and its images', () => {
  test('`doctor` finds a machine that works', async () => {
    const { findings } = await runForDocument<{ findings: { name: string; state: string }[] }>(['doctor']);
    expect(findings.length).toBeGreaterThan(3);
    expect(findings.filter(({ state }) => state === 'failed')).toEqual([]);
  });

  test('`prefetch` carries images in a file, and what faults are made with', async () => {
    const place = await mkdtemp(join(tmpdir(), 'taishang-prefetch-'));
    try {
      const output = join(place, 'images.tar');
      const written = await runForDocument<{ images: { reference: string }[] }>([
        'prefetch',
        '--engines',
        'redis',
        '--output',
        output,
      ]);
      expect(written.images).toMatchObject([
        { engine: 'redis', origin: expect.any(String), digest: expect.any(String) },
        { engine: 'fault-helper', origin: 'built', digest: expect.any(String) },
      ]);
      const { stdout } = await execa('tar', ['--extract', '--to-stdout', '--file', output, 'manifest.json']);
      const carried = (JSON.parse(stdout) as { RepoTags: string[] }[]).flatMap(({ RepoTags }) => RepoTags);
      expect(carried.toSorted()).toEqual(written.images.map(({ reference }) => reference).toSorted());
      expect((await stat(output)).size).toBeGreaterThan(1e7);
      const read = await runForDocument<{ images: object[] }>(['prefetch', '--engines', 'redis', '--input', output]);
      expect(read.images).toEqual(written.images);
    } finally {
      await rm(place, { recursive: true });
    }
  });
});

describe.concurrent('colours', () => {
  const program = join(import.meta.dirname, '..', '..', 'sandbox', 'cli.ts');
  /** `script` gives the command a terminal. */
  const onTerminal = (environment: Record<string, string>) =>
    execa('script', ['-qec', `${process.execPath} ${program} status`, '/dev/null'], {
      cwd: folder.path,
      env: { TERM: 'xterm-256color', CI: '', ...environment },
    });

  test('are there on a terminal', async () => {
    expect((await onTerminal({})).stdout).toContain('\u001b[');
  });

  test('are left out with NO_COLOR', async () => {
    expect((await onTerminal({ NO_COLOR: '1' })).stdout).not.toContain('\u001b[3');
  });
});
