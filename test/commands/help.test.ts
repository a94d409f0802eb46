import { describe, expect, test } from 'vitest';
import { commandNames, createProgram } from '../../sandbox/commands/program.ts';
import { shellPrograms } from '../../sandbox/engines/index.ts';
import { runCommand } from '../support/command.ts';

const commands = commandNames(createProgram());

test('the help lists every command and an example', async () => {
  const { exitCode, stdout, stderr } = await runCommand(['--help']);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  for (const command of commands) expect(stdout).toMatch(new RegExp(`^  ${command}\\b`, 'm'));
  expect(stdout).toContain('npm run sandbox -- up --engines postgresql,redis');
});

test('every command of the platform is there', () => {
  expect(commands.toSorted()).toEqual(
    'up down stop start restart ps status topology monitor quality fault failover env logs wait seed dataset backup restore scenarios bench doctor prefetch exec lease psql mongosh cypher redis-cli reset open completion'
      .split(' ')
      .toSorted(),
  );
});

describe.concurrent('the help of a command', () => {
  test.each(commands)('%s: says what it does and takes', async (command) => {
    const { exitCode, stdout } = await runCommand([command, '--help']);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(new RegExp(`^Usage: sandbox ${command} `));
    if (!shellPrograms().has(command)) expect(stdout).toContain('--format <format>');
  });

  test.each(['up', 'status', 'env', 'wait', 'seed', 'backup', 'restore', 'scenarios', 'bench', 'prefetch', 'exec'])(
    '%s: takes engines',
    async (command) => {
      expect((await runCommand([command, '--help'])).stdout).toContain('--engines <names>');
    },
  );
});
