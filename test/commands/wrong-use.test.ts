import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runCommand, runForError } from '../support/command.ts';

/** No container engine answers here: a command that got as far as asking one would end with another code. */
const env = {
  DOCKER_HOST: 'unix:///nowhere/docker.sock',
  AWS_CONFIG_FILE: '/dev/null',
  AWS_REGION: '',
  AWS_DEFAULT_REGION: '',
  AWS_ENDPOINT_URL: '',
  AWS_ENDPOINT_URL_S3: '',
};

interface Refused {
  readonly args: readonly string[];
  readonly code: string;
  /** What the message or the advice says. */
  readonly says: RegExp;
}

const refusals: readonly Refused[] = [
  { args: ['pu'], code: 'UNKNOWN_COMMAND', says: /`pu`.*Did you mean `up`\?.*Known: up, down/ },
  { args: ['frobnicate'], code: 'UNKNOWN_COMMAND', says: /no command `frobnicate`/ },
  { args: ['up', '--engines', 'postgres'], code: 'UNKNOWN_ENGINE', says: /--engines.*`postgres`.*`postgresql`/ },
  { args: ['up', '--engines', 'redis,oracle'], code: 'UNKNOWN_ENGINE', says: /oracle/ },
  { args: ['up', '--engines', ','], code: 'BAD_OPTION', says: /names no engine/ },
  { args: ['logs', 'redos'], code: 'UNKNOWN_ENGINE', says: /Did you mean `redis`/ },
  { args: ['up', '--size', 'smal'], code: 'UNKNOWN_SIZE', says: /Did you mean `small`/ },
  { args: ['up', '--size', 'users=many'], code: 'BAD_OPTION', says: /--size: users: `many`.*1 to 100,000,000/ },
  { args: ['seed', '--size', 'rows=5'], code: 'BAD_OPTION', says: /no count `rows`.*users, contents/ },
  { args: ['scenarios', '--size', 'none'], code: 'BAD_OPTION', says: /suites need data/ },
  { args: ['scenarios', 'failovers'], code: 'BAD_OPTION', says: /failover/ },
  { args: ['up', '--topology', 'redis=ring'], code: 'UNKNOWN_TOPOLOGY', says: /ring/ },
  { args: ['up', '--topology', 'redis'], code: 'UNKNOWN_TOPOLOGY', says: /standalone/ },
  ...['constructor', '__proto__', 'toString'].flatMap((name) => [
    { args: ['up', '--topology', `redis=${name}`], code: 'UNKNOWN_TOPOLOGY', says: /standalone/ },
    { args: ['up', '--topology', `${name}=standalone`], code: 'UNKNOWN_ENGINE', says: /redis/ },
    { args: ['up', '--size', name], code: 'UNKNOWN_SIZE', says: /small/ },
    { args: ['fault', name, 'redis'], code: 'UNKNOWN_FAULT', says: /kill/ },
  ]),
  {
    args: ['up', '--topology', 'redis=clustered,redis=replicated'],
    code: 'BAD_OPTION',
    says: /`redis` is given twice/,
  },
  { args: ['up', '--topology', 'redis=replicated=x'], code: 'UNKNOWN_TOPOLOGY', says: /replicated=x/ },
  { args: ['up', '--topology', ','], code: 'BAD_OPTION', says: /names no engine/ },
  { args: ['down', '-v', '--directory', ''], code: 'BAD_OPTION', says: /--directory is empty/ },
  { args: ['backup', 'prune', '--to', ' '], code: 'BAD_OPTION', says: /--to is empty/ },
  { args: ['seed', '--from', 'users.csv', ''], code: 'BAD_OPTION', says: /--from is empty/ },
  { args: ['up', '--wait-timeout', '40000m'], code: 'BAD_OPTION', says: /24 days/ },
  { args: ['logs', '--lines', '1e3'], code: 'BAD_OPTION', says: /--lines/ },
  { args: ['up', '--seed', '0x10'], code: 'BAD_OPTION', says: /--seed/ },
  { args: ['up', '--images', 'best'], code: 'BAD_OPTION', says: /auto, official, built/ },
  { args: ['up', '--wait-timeout', 'soon'], code: 'BAD_OPTION', says: /not a valid duration/ },
  { args: ['up', '--wait-timeout', '0'], code: 'BAD_OPTION', says: /not a valid duration/ },
  { args: ['up', '--seed', '-1'], code: 'BAD_OPTION', says: /--seed/ },
  { args: ['up', '--seed', '1.5'], code: 'BAD_OPTION', says: /--seed/ },
  { args: ['up', '--name', 'Not A Name'], code: 'BAD_OPTION', says: /not a valid name for a stack/ },
  { args: ['up', '--colour'], code: 'BAD_OPTION', says: /unknown option '--colour'.*up --help/ },
  { args: ['status', '--volumes'], code: 'BAD_OPTION', says: /--volumes/ },
  { args: ['status', '--progress', 'loud'], code: 'BAD_OPTION', says: /--progress/ },
  { args: ['logs', '--lines', 'many'], code: 'BAD_OPTION', says: /--lines/ },
  { args: ['fault', 'constructor', 'redis'], code: 'UNKNOWN_FAULT', says: /no fault `constructor`/ },
  { args: ['backup', 'list', '--to', 's3://bucket/x'], code: 'BAD_OPTION', says: /No valid region.*AWS_REGION/ },
  { args: ['exec'], code: 'BAD_OPTION', says: /missing required argument/ },
  { args: ['prefetch', '--input', 'a', '--output', 'b'], code: 'BAD_OPTION', says: /exclude each other/ },
];

describe.concurrent('a command that is used wrongly is refused before anything starts', () => {
  test.each(refusals)('$args: $code', async ({ args, code, says }) => {
    const error = await runForError(args, { env });
    expect(error).toMatchObject({ exitCode: 2, code });
    expect(`${error.message} ${error.next}`).toMatch(says);
  });

  test('an unknown format is said as text, for it cannot be said otherwise', async () => {
    const ended = await runCommand(['status', '--format', 'xml'], { env });
    expect(ended).toMatchObject({ exitCode: 2, stdout: '' });
    expect(ended.stderr).toMatch(
      /^error \[BAD_OPTION\] --format: there is no value `xml`\.\nnext: Known: text, json\./,
    );
  });

  test.each([
    ['SANDBOX_ENGINES', 'mysql', 'UNKNOWN_ENGINE'],
    ['SANDBOX_SIZE', 'huge', 'UNKNOWN_SIZE'],
    ['SANDBOX_TOPOLOGY', 'postgresql=ring', 'UNKNOWN_TOPOLOGY'],
    ['SANDBOX_IMAGES', 'mine', 'BAD_OPTION'],
    ['SANDBOX_PROGRESS', 'loud', 'BAD_OPTION'],
    ['COMPOSE_PROJECT_NAME', '../..', 'BAD_OPTION'],
  ])('the variable %s=%s is named where it is wrong', async (name, value, code) => {
    const error = await runForError(['up'], { env: { ...env, [name]: value } });
    expect(error).toMatchObject({ exitCode: 2, code, message: expect.stringContaining(name) });
  });
});

describe.concurrent('a configuration file that is wrong is refused with its path', () => {
  test.each([
    ['no YAML', 'engines: [redis', 'BAD_OPTION', /not valid YAML/],
    ['a list', '- redis', 'BAD_OPTION', /not a mapping/],
    ['a setting that does not exist', 'engine: redis', 'BAD_OPTION', /no setting `engine`.*`engines`/],
    ['an unknown engine', 'engines: [redis, mysql]', 'UNKNOWN_ENGINE', /engines: there is no engine `mysql`/],
    ['an unknown size', 'size: huge', 'UNKNOWN_SIZE', /size/],
    ['a port that is none', 'ports: {redis: 70000}', 'BAD_OPTION', /ports\.redis: `70000` is not a valid port/],
    ['one port for two engines', 'ports: {redis: 7000, postgresql: 7000}', 'BAD_OPTION', /have the same port, 7000/],
    ['a port of an engine that does not exist', 'ports: {mysql: 3306}', 'UNKNOWN_ENGINE', /mysql/],
    ['a count that is none', 'size: {users: 0}', 'BAD_OPTION', /users: `0` is not valid/],
    ['a number where a word belongs', 'size: 3', 'BAD_OPTION', /a text is expected/],
    ['a topology that is no mapping', 'topologies: [redis]', 'BAD_OPTION', /a mapping is expected/],
  ])('%s', async (_, content, code, says) => {
    const folder = await mkdtemp(join(tmpdir(), 'taishang-config-'));
    try {
      await writeFile(join(folder, 'sandbox.config.yaml'), content);
      const error = await runForError(['up'], { cwd: folder, env });
      expect(error).toMatchObject({ exitCode: 2, code, message: expect.stringContaining(folder) });
      expect(`${error.message} ${error.next}`).toMatch(says);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe.concurrent('a place that cannot be used is refused with its path', () => {
  test.each(['sandbox.config.yml', '.sandbox.config.yaml', 'sandbox.config.json', 'Sandbox.Config.YAML'])(
    'settings in %s, which would not be read',
    async (name) => {
      const folder = await mkdtemp(join(tmpdir(), 'taishang-config-'));
      try {
        await writeFile(join(folder, name), 'size: none');
        const error = await runForError(['up'], { cwd: folder, env });
        expect(error).toMatchObject({ exitCode: 2, code: 'BAD_OPTION', message: expect.stringContaining(name) });
        expect(error.next).toContain('Rename it to sandbox.config.yaml');
      } finally {
        await rm(folder, { recursive: true });
      }
    },
  );

  test.each([['up'], ['status'], ['env'], ['down'], ['seed'], ['backup'], ['logs'], ['start']])(
    '`%s` in a folder that is not there, or is none',
    async (command) => {
      for (const place of ['/nowhere/at/all', import.meta.filename]) {
        const error = await runForError([command, '--directory', place], { env });
        expect(error).toMatchObject({ exitCode: 2, code: 'BAD_OPTION', message: expect.stringContaining(place) });
      }
    },
  );
});

describe.concurrent('an error says what failed, why and what to do', () => {
  test('as text on standard error', async () => {
    const ended = await runCommand(['up', '--size', 'smal'], { env });
    expect(ended).toMatchObject({ exitCode: 2, stdout: '' });
    expect(ended.stderr).toBe(
      'error [UNKNOWN_SIZE] --size: there is no size `smal`.\n' +
        'next: Did you mean `small`? Known: small, medium, large, none.\n',
    );
  });

  test('with a command where no container engine is to be had', async () => {
    const error = await runForError(['up', '--no-docker-install', '--engines', 'redis'], { env });
    expect(error).toMatchObject({ exitCode: 1, code: expect.stringMatching(/^DOCKER_/) });
    expect(error.next).toMatch(/DOCKER_HOST/);
  });
});
