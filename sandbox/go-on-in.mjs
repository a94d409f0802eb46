// What both launchers end with. Plain JavaScript, since any Node may have to read it.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/** Goes on in another process of Node.js, and ends as that one does. */
export function goOnIn(node, args, env = process.env) {
  const child = spawn(node, args, { stdio: 'inherit', env });
  // A terminal interrupts both, and this one waits for the other's end.
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0);
  });
}
