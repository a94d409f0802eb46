import { load } from '../../../sandbox/engines/neo4j/load.ts';
import type { RunningEngine } from '../../../sandbox/engines/topology.ts';
import { createDataset } from '../../../seeds/create-dataset.ts';

/**
 * Imports `small` into the engine that the parent's message describes, and kills its own process as it comes to `at`: a
 * number of rows, or what the load says of itself.
 */
process.once('message', async ({ running, at }: { readonly running: RunningEngine; readonly at: number | string }) => {
  const report = {
    advance({ done, text }: { readonly done?: number; readonly text?: string }) {
      if (typeof at === 'number' ? (done ?? 0) >= at : text === at) process.kill(process.pid, 'SIGKILL');
    },
    summarise() {},
  };
  await load(running, createDataset({ size: 'small' }), report, { importFrom: 0 });
  process.disconnect();
});
