import { SandboxError } from '../core/errors.ts';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * A terminal sends Ctrl-C to every process of a command, and npm then passes it on to its script as well: what
 * comes within this time, in milliseconds, is the same key press.
 */
const sameKeyPressMs = 300;

export interface Interrupts {
  /** Aborted, with `INTERRUPTED` as its reason, at the first signal. */
  readonly signal: AbortSignal;
  readonly stop: () => void;
}

/** For a command that deals with signals itself. */
export const noInterrupts: Interrupts = { signal: new AbortController().signal, stop: () => {} };

/** Turns the first SIGINT, SIGTERM or SIGHUP into an abort; a second one ends the process at once with code 1. */
export function watchInterrupts(onFirst: (signal: string) => void): Interrupts {
  const controller = new AbortController();
  let firstMs: number | undefined;

  function onSignal(name: string): void {
    const nowMs = performance.now();
    if (firstMs === undefined) {
      firstMs = nowMs;
      onFirst(name);
      controller.abort(
        new SandboxError({
          code: 'INTERRUPTED',
          message: `The command was interrupted by ${name}.`,
          next: 'Run it again; `npm run sandbox -- down` removes what it may have left.',
        }),
      );
    } else if (nowMs - firstMs > sameKeyPressMs) {
      process.exit(1);
    }
  }

  for (const name of signals) process.on(name, onSignal);
  return {
    signal: controller.signal,
    stop: () => {
      for (const name of signals) process.removeListener(name, onSignal);
    },
  };
}
