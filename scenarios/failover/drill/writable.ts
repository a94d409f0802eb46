import type { DrillRun } from './drill-run.ts';

/** Nodes that are asked for a write directly, over and over, with as little of our code as the driver allows. */
export interface WritableProbe extends AsyncDisposable {
  readonly nodes: readonly string[];
}

/**
 * Records the moment at which one of these nodes first commits a write that is asked for directly: the engine's own
 * time, which the first write of an ordinary client is held against. Does nothing where the engine cannot be asked so.
 */
export function probeWritable({ subject, history, signal }: DrillRun, nodes: readonly string[]): WritableProbe {
  const over = new AbortController();
  const stop = AbortSignal.any([signal, over.signal]);
  const { untilWritable } = subject;
  const asking = nodes.map(async (node) => {
    if (untilWritable === undefined) return;
    await untilWritable(node, stop);
    if (stop.aborted) return;
    history.record({ process: 'observer', type: 'info', operation: 'writable', node });
    over.abort();
  });
  for (const each of asking) each.catch(() => {});
  return {
    nodes,
    [Symbol.asyncDispose]: async () => {
      over.abort();
      await Promise.allSettled(asking);
    },
  };
}
