import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { programName } from '../../core/process/called-as.ts';
import { engineNames } from '../../engines/engine-names.ts';
import { parseChoice } from '../options/names.ts';
import type { Action } from '../run-action.ts';

const shells = ['bash', 'zsh', 'fish'] as const;

/** Prints a script that completes the commands, their options and the engines' names in a shell. */
export function completionOf(program: Command): Action {
  return async ({ arguments: [shell = ''] }) => {
    const script = await scriptFor(parseChoice(shell, shells, 'completion'), program);
    return { document: { version: 1, shell, script }, text: () => script };
  };
}

async function scriptFor(shell: (typeof shells)[number], program: Command): Promise<string> {
  const values: Readonly<Record<string, string>> = {
    command: commandLine(shell === 'fish' ? quotedForFish : quotedForBash),
    engines: engineNames.join(' '),
    words: [program, ...program.commands].map((command) => wordsOf(command, program)).join('\n'),
    lines: program.commands.flatMap(fishLines).join('\n'),
  };
  // bash's serves zsh, which has bash's functions for it.
  const file = join(import.meta.dirname, shell === 'fish' ? 'fish.fish' : 'bash.sh');
  return (await readFile(file, 'utf8')).replaceAll(/@(\w+)@/g, (whole, name: string) => values[name] ?? whole);
}

/** What starts the sandbox from any folder: a checkout's script of npm, or the installed program, which need not be on the path. */
function commandLine(quoted: (text: string) => string): string {
  return programName === 'sandbox'
    ? `npm run --silent --prefix ${quoted(resolve(import.meta.dirname, '../../..'))} sandbox --`
    : `node ${quoted(resolve(import.meta.dirname, '../../bin.mjs'))}`;
}

/** A branch of bash's `case`: what may follow a command. */
function wordsOf(command: Command, program: Command): string {
  const isProgram = command === program;
  const options = command.options.flatMap(({ long }) => long ?? []);
  const words = [...(isProgram ? program.commands.map((each) => each.name()) : []), ...options];
  return `\t'${isProgram ? '' : command.name()}') echo '${words.join(' ')}' ;;`;
}

function fishLines(command: Command): readonly string[] {
  const name = command.name();
  const line = (condition: string, rest: string) => `complete -c taishang-sandbox -n '${condition}' ${rest}`;
  return [
    line('__fish_use_subcommand', `-a ${name} -d ${quotedForFish(command.summary() || command.description())}`),
    ...command.options.flatMap(({ long, description }) =>
      long ? [line(`__fish_seen_subcommand_from ${name}`, `-l ${long.slice(2)} -d ${quotedForFish(description)}`)] : [],
    ),
  ];
}

/** A word of fish: in single quotes only `\` and `'` mean something (fish's documentation, "Quotes"). */
function quotedForFish(text: string): string {
  return `'${text.replaceAll(/[\\']/g, '\\$&')}'`;
}

/** A word of bash and zsh: in single quotes nothing means anything, so a quote stands outside of them. */
function quotedForBash(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
