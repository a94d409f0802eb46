import type { Command } from 'commander';
import { withFullStop } from '../../core/text/full-stop.ts';
import { createProgram } from '../program.ts';
import { configFileName, configKeys } from './config-file.ts';
import { variables } from './variables.ts';

/** `docs/reference.md`: every command with its options, every variable and every key, from where they are defined. */
export function formatReference(): string {
  const program = createProgram();
  return `${[
    '# Reference',
    'Made from the sources by `npx node test/docs/print-reference.ts > docs/reference.md`; a test holds them together.',
    'An option comes before its variable, that before the key of the configuration, and that before the default.',
    '## Commands',
    ...[program, ...program.commands].map(formatCommand),
    `## Keys of ${configFileName}`,
    table(
      ['key', 'meaning'],
      Object.entries(configKeys).map(([key, meaning]) => [`\`${key}\``, meaning]),
    ),
    '## Variables',
    ...Object.entries(variables).flatMap(([title, listed]) => [
      `### ${title}`,
      table(
        ['variable', 'meaning'],
        listed.map(({ name, meaning }) => [namesOf(name), meaning]),
      ),
    ]),
  ].join('\n\n')}\n`;
}

function formatCommand(command: Command): string {
  const usage = command.parent === null ? 'sandbox' : `${command.parent.name()} ${command.name()}`;
  const given = command.registeredArguments.map((argument) => {
    const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
    return [`\`${argument.required ? `<${name}>` : `[${name}]`}\``, argument.description];
  });
  const options = command.options.map(({ flags, description }) => [`\`${flags}\``, description]);
  return [`### ${usage}`, sentence(command.description()), table(['option', 'meaning'], [...given, ...options])].join(
    '\n\n',
  );
}

function sentence(text: string): string {
  return withFullStop(`${text.slice(0, 1).toUpperCase()}${text.slice(1)}`);
}

function namesOf(list: string): string {
  return list
    .split(', ')
    .map((name) => `\`${name}\``)
    .join(', ');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---|').join('')}`, ...rows.map(line)].join('\n');
}
