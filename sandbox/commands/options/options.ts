import { type Command, Option } from 'commander';
import type { Flags } from './settings.ts';

/** Options that every command has. */
export interface CommonFlags extends Flags {
  readonly format?: string;
  readonly progress?: string;
}

/** Groups of options that several commands share, in the order in which help shows them. */
const shared = {
  engines: ['--engines <names>', 'engines, separated by commas (default: all; for a new stack: those of the platform)'],
  topology: ['--topology <pairs>', 'layout per engine, for example postgresql=replicated,redis=clustered'],
  failover: [
    '--no-failover',
    'nobody takes over from a primary that is lost, where the engine does not do that itself',
  ],
  size: ['--size <name>', 'data: small, medium, large, none, or counts: users=2000,contents=9000 (default: small)'],
  images: ['--images <policy>', 'where images come from: auto, official or built (default: auto)'],
  dockerInstall: ['--no-docker-install', 'never install a container engine on this machine'],
  waitTimeout: ['--wait-timeout <duration>', 'give up after this long, for example 90s or 2m'],
  ports: ['--ports <choice>', 'new: move to another port where one was taken meanwhile; same: refuse (default: same)'],
  reset: ['--reset', 'load anew: replace other schemas and other data, and DELETE what was added or changed'],
  strict: ['--strict', 'what was added, changed or removed since the seeding is a failure (default: it is counted)'],
  admin: ['--admin', 'as who owns the schema: for migrations'],
  seed: ['--seed <number>', 'seed of the data and of everything random (default: fixed)'],
} as const;

const directoryOf = 'folder whose stack is meant (default: the current one)';
const nameOf = 'name of the stack (default: made from the folder)';

export type SharedOption = keyof typeof shared;

/** Values of `--format`, where a command has none of its own. */
export const plainFormats: readonly string[] = ['text', 'json'];

/** Adds the shared options named, and the ones that every command has. */
export function withOptions(
  command: Command,
  names: readonly SharedOption[],
  formats: readonly string[] = plainFormats,
): Command {
  for (const name of names) {
    const [flags, description] = shared[name];
    command.option(flags, description);
  }
  return command
    .addOption(new Option('--format <format>', formatHelp(formats)))
    .addOption(new Option('--progress <mode>', 'auto, tty, plain, json or quiet, on standard error (default: auto)'))
    .addOption(new Option('--directory <path>', directoryOf))
    .addOption(new Option('--name <name>', nameOf));
}

function formatHelp(formats: readonly string[]): string {
  const names = `${formats.slice(0, -1).join(', ')} or ${formats.at(-1)}`;
  return `${names} (default: ${formats[0]}); json is one document on standard output`;
}

/** {@link withOptions} of a command that takes what another program takes: no names but those that say which stack. */
export function withStackOptions(command: Command): Command {
  return command
    .option(...shared.admin)
    .addOption(new Option('--directory <path>', directoryOf))
    .addOption(new Option('--name <name>', nameOf));
}

/**
 * Options that were given, on the command or before it. A default never hides what was given elsewhere, which
 * commander's own merge would do.
 */
export function givenOptions(command: Command): Readonly<Record<string, unknown>> {
  const inherited = command.parent === null ? {} : givenOptions(command.parent);
  const own = Object.entries(command.opts()).filter(([name]) => command.getOptionValueSource(name) !== 'default');
  return { ...inherited, ...Object.fromEntries(own) };
}
