import { tmpdir } from 'node:os';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { commandNames, createProgram } from '../../sandbox/commands/program.ts';
import { engineNames } from '../../sandbox/engines/engine-names.ts';
import { runCommand, runForError } from '../support/command.ts';

/** What bash offers for the last word of a line. */
async function offered(...words: readonly string[]): Promise<readonly string[]> {
  const { stdout: script } = await runCommand(['completion', 'bash']);
  const line = `COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _taishang_sandbox; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = await execa('bash', ['-c', `${script}\n${line}`, 'bash', 'taishang-sandbox', ...words]);
  return stdout.split('\n').filter((word) => word !== '');
}

describe('bash is offered', () => {
  test('every command', async () => {
    expect(await offered('')).toEqual(expect.arrayContaining([...commandNames(createProgram())]));
  });

  test('the options of the command that stands before, and no others', async () => {
    expect(await offered('backup', '--re')).toEqual(['--retention']);
    expect(await offered('--directory', '/tmp', 'backup', '--re')).toEqual(['--retention']);
    expect(await offered('down', '--re')).toEqual([]);
  });

  test('engines', async () => {
    expect(await offered('up', '--engines', '')).toEqual(engineNames);
  });
});

test.each(['bash', 'zsh'])("%s's script is one that bash can read, from any folder", async (shell) => {
  const { stdout } = await runCommand(['completion', shell]);
  expect(await execa('bash', ['-n'], { input: stdout })).toMatchObject({ exitCode: 0 });
});

test("fish's script has a line for every command", async () => {
  const { stdout } = await runCommand(['completion', 'fish']);
  for (const command of commandNames(createProgram())) expect(stdout).toContain(` -a ${command} -d '`);
});

test.each(['bash', 'zsh'])(
  "where no program has the name, %s's script makes a function that starts the sandbox",
  async (shell) => {
    const { stdout: script } = await runCommand(['completion', shell]);
    const { stdout } = await execa('bash', ['-c', `${script}\ntaishang-sandbox --version`], { cwd: tmpdir() });
    expect(stdout).toBe(manifest.version);
  },
);

test('another shell is refused by name', async () => {
  expect(await runForError(['completion', 'tcsh'])).toMatchObject({ exitCode: 2, code: 'BAD_OPTION' });
});
