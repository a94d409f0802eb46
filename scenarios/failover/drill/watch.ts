import type { DrillRun } from './drill-run.ts';

/** The harness's detector, at work on the primary before anything is broken. */
export interface Watch extends AsyncDisposable {
  /** Node that is watched. */
  readonly node: string;
  /** What is noticed from now on is the fault, and no false alarm. */
  readonly faultBegins: () => void;
  /** Returns once the fault was noticed. At once where the engine notices by itself. */
  readonly noticed: () => Promise<void>;
}

/**
 * Watches the primary until a fault of it is noticed. What it notices before one begins is recorded as a false alarm:
 * in production each is a failover that nobody needed.
 */
export async function watchPrimary(run: Pick<DrillRun, 'subject' | 'history' | 'observer' | 'signal'>): Promise<Watch> {
  const { subject, history, signal } = run;
  const node = await run.observer.primary();
  const over = new AbortController();
  const stop = AbortSignal.any([signal, over.signal]);
  let isBroken = false;
  const watch = async (): Promise<void> => {
    const { detect } = subject;
    if (detect === undefined) return;
    for (;;) {
      await detect(node, stop);
      if (isBroken) return;
      history.record({ process: 'observer', type: 'info', operation: 'false-alarm', node });
    }
  };
  const watching = watch();
  // Whoever waits for it is told; until then it is nobody's.
  watching.catch(() => {});
  return {
    node,
    faultBegins: () => {
      isBroken = true;
    },
    noticed: () => watching,
    [Symbol.asyncDispose]: async () => {
      over.abort();
      await watching.catch(() => {});
    },
  };
}
