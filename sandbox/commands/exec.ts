import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { messageOf, SandboxError } from '../core/errors.ts';
import { stackEnvironment } from '../stack/attach/attach-stack.ts';
import { callersEnvironment, callersFolder } from './callers-environment.ts';
import { chosenEngines, identityOf } from './options/stack-options.ts';
import type { Action } from './run-action.ts';

/** Passed on to the command; Ctrl-C reaches it from the terminal by itself. */
const passedSignals = ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const;

/**
 * Runs a command with the stack's environment, where the caller stands and with the caller's own programs, and ends as it
 * ended. Engines that are down or paused are no reason to refuse: what a service does without them is often the question.
 */
export const exec: Action = async (context) => {
  const environment = await stackEnvironment({
    ...identityOf(context),
    ...chosenEngines(context),
    admin: context.flags.admin === true,
  });
  const [command = '', ...args] = context.arguments;
  return { exitCode: await runCommand(command, args, { ...callersEnvironment(process.env), ...environment }) };
};

/** Exit code of the command; 128 and the signal's number where a signal ended it, as shells have it. */
function runCommand(command: string, args: readonly string[], environment: NodeJS.ProcessEnv): Promise<number> {
  return new Promise((resolve, reject) => {
    // Listened for before the command begins: a signal that came in between would end this process alone.
    const pass = (signal: NodeJS.Signals) => child.kill(signal);
    const stay = () => {};
    for (const signal of passedSignals) process.on(signal, pass);
    process.on('SIGINT', stay);
    const child = spawn(command, args, { stdio: 'inherit', env: environment, cwd: callersFolder(process.env) });
    child.once('error', (thrown) => {
      reject(
        new SandboxError({
          code: 'COMMAND_FAILED',
          message: `\`${command}\` could not be run: ${messageOf(thrown)}.`,
          next: 'Look at how it is spelled; it is run as it is, without a shell.',
          cause: thrown,
        }),
      );
    });
    child.once('exit', (code, signal) => {
      for (const name of passedSignals) process.off(name, pass);
      process.off('SIGINT', stay);
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}
