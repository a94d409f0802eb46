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
  expect(await Promise.all(codes)).toEqual([3, 143, 2]);
  expect(listeners()).toEqual(before);
});
