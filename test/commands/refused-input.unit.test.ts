import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bench } from '../../sandbox/commands/bench/bench.ts';
import { parseUrls } from '../../sandbox/commands/bench/bench-urls.ts';
import { resolveSettings } from '../../sandbox/commands/options/settings.ts';
import { refusePassedOver } from '../../sandbox/commands/options/taken-options.ts';
import { createProgram } from '../../sandbox/commands/program.ts';
import type { ActionContext } from '../../sandbox/commands/run-action.ts';
import { suitesOptionsOf } from '../../sandbox/commands/scenarios.ts';
import { commandProgram } from '../../scenarios/backup/whole-platform/command.ts';
import { runForError } from '../support/command.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'taishang-refused-'));
});
afterAll(() => rm(directory, { recursive: true }));

const refused = (says: RegExp) => expect.objectContaining({ code: 'BAD_OPTION', message: expect.stringMatching(says) });
/** Every word of an object that is there without anybody having written it. */
const inherited = Object.getOwnPropertyNames(Object.prototype);

describe('a configuration', () => {
  const settingsOf = async (text: string) => {
    await writeFile(join(directory, 'sandbox.config.yaml'), text);
    return resolveSettings({ directory }, {}).finally(() => rm(join(directory, 'sandbox.config.yaml')));
  };

  test.each(['true', '[5432]', '"0x1F90"', '"1e3"', 'null', '1.5', '""', '{}'])(
    'whose port is %s is refused',
    async (port) => {
      await expect(settingsOf(`ports: {redis: ${port}}`)).rejects.toEqual(refused(/ports\.redis: .*valid port/));
    },
  );

  test.each(['5432', '"5432"'])('whose port is %s is taken', async (port) => {
    expect((await settingsOf(`ports: {redis: ${port}}`)).ports).toEqual({ redis: 5432 });
  });

  test.each(['[5]', '[[5]]', '{}', 'true', 'null'])('whose count is %s is refused', async (count) => {
    await expect(settingsOf(`size: {users: ${count}}`)).rejects.toEqual(refused(/users: .* is not valid/));
  });

  test.each([
    ['a tag that means nothing', 'size: !custom small', 'Unresolved tag'],
    ['two documents', 'size: small\n---\nsize: medium', 'multiple documents'],
    ['a key twice', 'size: {users: 5, users: 6}', 'unique'],
    ['an alias of itself', 'engines: &all [*all]', ''],
  ])('with %s is refused', async (_, text, evidence) => {
    const problem = settingsOf(text);
    await expect(problem).rejects.toMatchObject({ code: 'BAD_OPTION' });
    if (evidence !== '') await expect(problem).rejects.toHaveProperty('evidence', expect.stringContaining(evidence));
  });

  test('that is a link which leads nowhere is refused, and not taken for none', async () => {
    const folder = await mkdtemp(join(directory, 'link-'));
    await symlink('nowhere', join(folder, 'sandbox.config.yaml'));
    await expect(resolveSettings({ directory: folder }, {})).rejects.toEqual(refused(/cannot be read/));
  });

  test('with a byte order mark and ends of lines of Windows is read', async () => {
    const settings = await settingsOf('\ufeffengines: [redis]\r\nsize: {users: 7}\r\n');
    expect(settings).toMatchObject({ engines: ['redis'], size: 'small,users=7' });
  });
});

describe('a variable of the environment', () => {
  test.each(['abc', '0', '-1', 'Infinity', 'NaN', '0x10', ' 2', '1e3', `1${'0'.repeat(400)}`])(
    'SANDBOX_DEADLINE_FACTOR that is %j is refused before anything starts',
    async (text) => {
      await expect(resolveSettings({ directory }, { SANDBOX_DEADLINE_FACTOR: text })).rejects.toEqual(
        refused(/^SANDBOX_DEADLINE_FACTOR is /),
      );
    },
  );

  test.each(['abc', '1w', '+99999999999999y'])(
    'SANDBOX_CLOCK_OFFSET that is %j is refused before anything starts',
    async (text) => {
      await expect(resolveSettings({ directory }, { SANDBOX_CLOCK_OFFSET: text })).rejects.toEqual(
        refused(/^SANDBOX_CLOCK_OFFSET is /),
      );
    },
  );

  test.each(inherited)('that --url names by env:%s, and nobody has set, is refused', async (name) => {
    await expect(parseUrls([`redis=env:${name}`])).rejects.toEqual(refused(/is not set/));
  });

  test('SANDBOX_PROGRESS that is empty is one that is not set', async () => {
    const error = await runForError(['completion', 'nosuch'], { env: { SANDBOX_PROGRESS: '' } });
    expect(error).toMatchObject({ exitCode: 2, message: expect.stringContaining('nosuch') });
  });
});

describe('a folder', () => {
  test('that is a file is refused as one, and not as a configuration that cannot be read', async () => {
    const file = join(directory, 'file');
    await writeFile(file, '');
    const error = await runForError(['status', '--directory', file]);
    expect(error).toMatchObject({ exitCode: 2, code: 'BAD_OPTION', message: expect.stringContaining('not a folder') });
  });

  test('that was removed under the shell is refused', async () => {
    const folder = await mkdtemp(join(directory, 'removed-'));
    const program = ['rmdir "$PWD" && exec "$0" "$@"', process.execPath, commandProgram, 'status', '--format', 'json'];
    const { exitCode, stdout } = await execa('bash', ['-c', ...program], { cwd: folder, reject: false });
    expect({ exitCode, ...JSON.parse(stdout).error }).toMatchObject({
      exitCode: 2,
      code: 'BAD_OPTION',
      message: expect.stringContaining('current folder'),
    });
  });
});

describe('a word', () => {
  const program = createProgram();
  const commandOf = (name: string) => program.commands.find((command) => command.name() === name);

  test.each([
    ['fault', 'heal', ''],
    ['fault', 'kill', ' '],
    ['backup', 'show', ''],
    ['restore', ''],
    ['bench', ''],
    ['quality', 'run', ''],
    ['logs', ''],
    ['failover', ''],
  ])('of `%s` that is empty is refused: %s', (name, ...words) => {
    const command = commandOf(name);
    if (command === undefined) throw new Error(`there is no ${name}`);
    expect(() => refusePassedOver(command, { arguments: words, flags: {} })).toThrow(refused(/is empty/));
  });

  test.each([
    ['exec', 'printf', ''],
    ['psql', '-c', ''],
    ['lease', 'open', '0a1b2c3d', 'printf', ''],
  ])('that `%s` hands on may be empty', (name, ...words) => {
    const command = commandOf(name);
    if (command === undefined) throw new Error(`there is no ${name}`);
    expect(() => refusePassedOver(command, { arguments: words, flags: {} })).not.toThrow();
  });

  test.each(inherited)('`bench %s` is no part of bench, and no fault of it', async (name) => {
    const context = { arguments: [name], flags: { clients: '5' }, settings: { directory } };
    // What is refused is the option: the word was taken for a query path.
    await expect(bench(context as unknown as ActionContext)).rejects.toEqual(refused(/^--clients/));
  });

  test.each([['help', 'frobnicate'], ['frobnicate']])('that is no command is said to be none: %s', async (...args) => {
    const error = await runForError(args);
    expect(error).toMatchObject({
      exitCode: 2,
      code: 'UNKNOWN_COMMAND',
      message: expect.stringContaining('frobnicate'),
    });
  });
});

test('a time scale without the suite that it is for is refused', () => {
  const contextOf = (...suites: readonly string[]) => {
    const settings = { engines: ['redis'], size: 'small', images: 'auto', dockerInstall: 'never' };
    return { arguments: suites, flags: { timeScale: '5' }, settings } as unknown as ActionContext;
  };
  expect(() => suitesOptionsOf(contextOf('contract'))).toThrow(refused(/--time-scale is for the suite alerts/));
  expect(suitesOptionsOf(contextOf('contract', 'alerts'))).toMatchObject({ timeScale: 5 });
  expect(suitesOptionsOf(contextOf())).toMatchObject({ timeScale: 5 });
});
