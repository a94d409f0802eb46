import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { refusePassedOver } from '../../sandbox/commands/options/taken-options.ts';
import { createProgram } from '../../sandbox/commands/program.ts';
import { runCommand, runForError } from '../support/command.ts';

const env = { DOCKER_HOST: 'unix:///nowhere/docker.sock' };
const program = createProgram();
const commandOf = (name: string) => program.commands.find((command) => command.name() === name) as Command;
const optionsOf = (command: Command) => command.options.map((option) => option.attributeName());

/** What each part of a command reads of its options, as docs and help have it; the rest is to be refused. */
const read: Readonly<Record<string, string>> = {
  'bench startup': 'engines images dockerInstall',
  'bench load': 'engines images dockerInstall size seed rounds',
  'bench quality': 'engines rounds objectives',
  'bench compare': 'html summary',
  'bench export': '',
  'backup list': 'to',
  'backup show': 'to',
  'backup verify': 'to',
  'backup prune': 'to retention',
  'lease list': '',
  'lease open': '',
  'lease drop': 'all',
  'quality run': 'engines strict contracts cost url html acceptDrift',
  'quality watch': 'engines strict contracts cost url schedule webhook',
  'quality history': 'contracts url runs html',
  'quality explain': 'engines contracts cost url',
  'quality init': 'engines contracts url',
  'fault kill': '',
  'fault stop': '',
  'fault pause': '',
  'fault isolate': '',
  'fault partition': '',
  'fault fill-disk': '',
  'fault wipe': '',
  'fault heal': '',
  'fault list': '',
  'fault loss': 'percent direction',
  'fault reset': 'percent',
  'fault latency': 'latency jitter',
  'fault bandwidth': 'rate',
};
const takes = (command: Command, part: string, flags: Readonly<Record<string, unknown>>): boolean => {
  try {
    refusePassedOver(command, { arguments: part === '' ? [] : [part], flags });
    return true;
  } catch {
    return false;
  }
};
const common = 'format progress directory name';

describe.each(Object.entries(read))('%s', (words, taken) => {
  const [name = '', ...rest] = words.split(' ');
  const command = commandOf(name);

  test('refuses each option of the command that it would pass over, and no other', () => {
    const refused = optionsOf(command).filter((option) => {
      try {
        refusePassedOver(command, { arguments: rest, flags: { [option]: 'x' } });
        return false;
      } catch (thrown) {
        expect(thrown).toMatchObject({ code: 'BAD_OPTION', message: expect.stringContaining(`\`${words}\``) });
        return true;
      }
    });
    const wanted = [...taken.split(' '), ...common.split(' ')];
    expect(refused).toEqual(optionsOf(command).filter((option) => !wanted.includes(option)));
  });
});

test('each option that help lists is taken by a part of its command', () => {
  for (const command of program.commands) {
    const parts = command.registeredArguments.flatMap(({ description }) => description.match(/[\w-]+/g) ?? []);
    for (const option of optionsOf(command)) {
      // Some are of use with another alone.
      const beside = [{}, { url: ['redis=env:REDIS_URL'] }, { lease: true }];
      const isTaken = ['', ...parts].some((part) =>
        beside.some((more) => takes(command, part, { [option]: 'x', ...more })),
      );
      expect(isTaken, `${command.name()} --${option}`).toBe(true);
    }
  }
});

test('no command passes over what was given before it', () => {
  for (const command of program.commands) {
    const own = optionsOf(command);
    for (const option of optionsOf(program).filter((name) => !own.includes(name))) {
      const pass = () => refusePassedOver(command, { arguments: [], flags: { [option]: true } });
      expect(pass, `${command.name()} ${option}`).toThrow(/does not take --/);
    }
  }
});

test.each([
  { args: ['bench', 'startup', '--rounds', '1'], says: /does not take --rounds.*bench load/ },
  { args: ['bench', 'load', '--confirm-writes'], says: /does not take --confirm-writes/ },
  { args: ['bench', '--size', 'medium'], says: /does not take --size/ },
  { args: ['--reset', 'status'], says: /`status` does not take --reset/ },
  { args: ['--no-docker-install', 'down'], says: /`down` does not take --no-docker-install/ },
  { args: ['fault', 'kill', 'redis-1', 'redis-2'], says: /`redis-2` is one word too many/ },
  { args: ['lease', 'list', '--all'], says: /does not take --all.*lease drop/ },
  { args: ['lease', 'drop'], says: /takes leases, or --all/ },
  { args: ['lease', 'open', '../x'], says: /is no lease/ },
  { args: ['lease', 'close'], says: /list, open, drop/ },
  { args: ['logs', '--tail', '1', '--lines', '2'], says: /exclude each other/ },
  {
    args: ['dataset', 'export', '--to', 'x', '--entities', 'users', '--file-format', 'csv', '--size', 'none'],
    says: /none/,
  },
])('$args is refused before anything starts', async ({ args, says }) => {
  const error = await runForError(args, { env });
  expect(error).toMatchObject({ exitCode: 2, code: 'BAD_OPTION' });
  expect(`${error.message} ${error.next}`).toMatch(says);
});

test.each([
  { options: ['--lease', '--admin'], says: 'exclude each other' },
  { options: ['--keep-failed', '1'], says: '--keep-failed is for --lease alone' },
  { options: ['--isolation', 'redis=server'], says: '--isolation is for --lease alone' },
  { options: ['--lease', 'postgresql,redis'], says: 'are engines, and no command' },
  { options: ['--lease', '--isolation', 'redis'], says: 'redis is without a mode' },
  { options: ['--lease', '--isolation', 'redis=servers'], says: 'by `servers`' },
  { options: ['--lease', '--isolation', 'postgresql=rolled-back'], says: 'no command can be given' },
  { options: ['--lease', '--keep-failed', '1001'], says: 'from 0 to 1000' },
  { options: ['--lease', '--wait-timeout', '999999m'], says: '--wait-timeout' },
  { options: ['--lease', '--isolation', 'mongo=database'], says: 'mongo' },
  { options: ['--wait-timeout', '1s'], says: '--wait-timeout is for --lease alone' },
])('exec refuses $options before anything starts', async ({ options, says }) => {
  const { exitCode, stdout } = await runCommand(['exec', '--format', 'json', ...options, '--', 'true'], { env });
  expect({ exitCode, ...JSON.parse(stdout).error }).toMatchObject({
    exitCode: 2,
    message: expect.stringContaining(says),
  });
});
