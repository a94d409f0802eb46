import { execa } from 'execa';
import { programFile } from '../../../sandbox/core/process/program-file.ts';
import { withoutUndefined } from '../../../sandbox/core/without-undefined.ts';

/** The command line's own file. */
export const commandProgram = programFile(import.meta, '../../../sandbox/cli');

export interface CommandOptions {
  /** Folder that it runs in. Default: the current one. */
  readonly cwd?: string;
  /** What it finds in its environment beside what is there. */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * What chooses a stack for whoever runs the suites: with it, commands would restore, over its data, into the stack that
 * somebody works with.
 */
const choosing = ['SANDBOX_DIRECTORY', 'SANDBOX_NAME', 'COMPOSE_PROJECT_NAME', 'SANDBOX_ENGINES'];

/**
 * Starts a command of the sandbox as a process of its own, which can be killed, on the stack of its folder. It never
 * rejects.
 */
export function startCommand(args: readonly string[], { cwd, env }: CommandOptions = {}) {
  return execa(process.execPath, [commandProgram, ...args], {
    reject: false,
    // Who is asked to end has a deadline of its own for what it puts away.
    forceKillAfterDelay: false,
    stdin: 'ignore',
    stripFinalNewline: false,
    env: { ...Object.fromEntries(choosing.map((name) => [name, undefined])), ...env },
    ...withoutUndefined({ cwd }),
  });
}

/** Runs a command to its end. Throws with what it wrote, unless it ends with this exit code. */
export async function runToExit(exitCode: 0 | 1, args: readonly string[], options: CommandOptions): Promise<string> {
  const ended = await startCommand(args, options);
  if (ended.exitCode === exitCode) return `${ended.stdout}${ended.stderr}`;
  throw new Error(`\`${args[0]}\` ended with ${ended.exitCode ?? ended.signal}: ${ended.stdout}${ended.stderr}`);
}
