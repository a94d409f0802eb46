// What both launchers end with, and who else runs a command. Plain JavaScript, since any Node may have to read it.
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { constants } from 'node:os';

/** Goes on in another process of Node.js, and ends as that one does. */
export function goOnIn(node, args, env = process.env) {
  let child;
  // Listened for before the other process begins: a signal that came in between would end this one alone.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(signal, () => {
      if (!isSentToAll(signal)) child?.kill(signal);
    });
  child = spawn(node, args, { stdio: 'inherit', env });
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0);
  });
}

/**
 * Whether what this process runs has the signal as well. A terminal sends Ctrl-C to both, and many programs take a second one as
 * an order to drop everything. Where there is no terminal, as in CI, somebody has sent it to this process alone.
 */
export function isSentToAll(signal) {
  if (signal !== 'SIGINT') return false;
  if (process.platform === 'win32') return true;
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
}
