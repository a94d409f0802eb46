import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { messageOf, SandboxError } from '../../core/errors.ts';
import { callersEnvironment, callersFolder } from '../../core/process/callers-environment.ts';
import { isSentToAll } from '../../go-on-in.mjs';

/** How a command ended. */
export interface CommandEnd {
  /** Its own; 128 and the signal's number where a signal ended it, as shells have it. */
  readonly exitCode: number;
  /** Whether somebody wanted it to end before it did. */
  readonly wasInterrupted: boolean;
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const;

/** By these, it is asked to end. */
const interrupts: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Runs a command where the caller stands, with the caller's environment and these variables. Throws `COMMAND_FAILED`. */
export function runCommand(
  [command = '', ...args]: readonly string[],
  variables: Readonly<Record<string, string>>,
): Promise<CommandEnd> {
  const env = { ...callersEnvironment(process.env), ...variables };
  return new Promise((resolve, reject) => {
    let wasInterrupted = false;
    // Listened for before the command begins: a signal that came in between would end this process alone.
    const pass = (signal: NodeJS.Signals) => {
      wasInterrupted ||= interrupts.includes(signal);
      if (!isSentToAll(signal)) child?.kill(signal);
    };
    for (const signal of signals) process.on(signal, pass);
    const letGo = () => {
      for (const signal of signals) process.off(signal, pass);
    };
    const fail = (thrown: unknown) => {
      letGo();
      reject(cannotRun(command, thrown));
    };
    let child: ChildProcess | undefined;
    try {
      child = spawn(command, args, { stdio: 'inherit', env, cwd: callersFolder(process.env) });
    } catch (thrown) {
      // What can be no command, such as an empty word.
      return fail(thrown);
    }
    child.once('error', fail);
    child.once('exit', (code, signal) => {
      letGo();
      resolve({ exitCode: code ?? 128 + (signal === null ? 0 : constants.signals[signal]), wasInterrupted });
    });
  });
}

function cannotRun(command: string, cause: unknown): SandboxError {
  return new SandboxError({
    code: 'COMMAND_FAILED',
    message: `\`${command}\` could not be run: ${messageOf(cause)}.`,
    next: 'Look at how it is spelled; it is run as it is, without a shell.',
    cause,
  });
}
