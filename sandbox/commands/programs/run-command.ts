import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { messageOf, SandboxError } from '../../core/errors.ts';
import { callersEnvironment, callersFolder } from '../../core/process/callers-environment.ts';

/** Passed on to the command; Ctrl-C reaches it from the terminal by itself. */
const passedSignals = ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const;

/**
 * Runs a command where the caller stands, with the caller's environment and these variables. Returns its exit code; 128
 * and the signal's number where a signal ended it, as shells have it. Throws `COMMAND_FAILED`.
 */
export function runCommand(
  [command = '', ...args]: readonly string[],
  variables: Readonly<Record<string, string>>,
): Promise<number> {
  const env = { ...callersEnvironment(process.env), ...variables };
  return new Promise((resolve, reject) => {
    // Listened for before the command begins: a signal that came in between would end this process alone.
    const pass = (signal: NodeJS.Signals) => child?.kill(signal);
    const stay = () => {};
    for (const signal of passedSignals) process.on(signal, pass);
    process.on('SIGINT', stay);
    const letGo = () => {
      for (const name of passedSignals) process.off(name, pass);
      process.off('SIGINT', stay);
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
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
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
