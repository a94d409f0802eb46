import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCommand } from '../../sandbox/commands/programs/run-command.ts';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const;
const listeners = () => signals.map((signal) => process.listenerCount(signal));

test.each(['', 'a\0b', 'no-such-program'])(
  '`%s` cannot be run, and no signal is kept from this process',
  async (command) => {
    const before = listeners();
    await expect(runCommand([command], {})).rejects.toMatchObject({ code: 'COMMAND_FAILED' });
    expect(listeners()).toEqual(before);
  },
);

test('a command ends as it ended, by its code or by a signal', async () => {
  const before = listeners();
  const codes = ['exit 3', 'kill -TERM $$', 'exit $((ADDED - 40))'].map((text) =>
    runCommand(['sh', '-c', text], { ADDED: '42' }),
  );
  expect(await Promise.all(codes)).toEqual([3, 143, 2].map((exitCode) => ({ exitCode, wasInterrupted: false })));
  expect(listeners()).toEqual(before);
});

/** Runs a command in a process that has no terminal, sends this process a signal once the command runs, and reads how it ended. */
async function endedBy(signal: NodeJS.Signals, command: string): Promise<unknown> {
  const program = join(import.meta.dirname, '../../sandbox/commands/programs/run-command.ts');
  const source = `import { runCommand } from ${JSON.stringify(program)};
    console.log(JSON.stringify(await runCommand(['sh', '-c', ${JSON.stringify(command)}], {})));`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  for await (const chunk of child.stdout) {
    if (said === '') child.kill(signal);
    said += chunk;
  }
  return JSON.parse(said.replace('begun\n', ''));
}

test.each([
  ['SIGINT', 'INT', true],
  ['SIGTERM', 'TERM', true],
  ['SIGHUP', 'HUP', true],
  ['SIGUSR1', 'USR1', false],
] as const)('%s is passed on, and it is told whether the command was to end', async (signal, name, wasInterrupted) => {
  const command = `trap 'kill $!; exit 9' ${name}; sleep 20 > /dev/null & echo begun; wait`;
  expect(await endedBy(signal, command)).toEqual({ exitCode: 9, wasInterrupted });
});
