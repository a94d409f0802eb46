import type { RunningEngine } from '../../../sandbox/engines/contract/topology.ts';
import { load } from '../../../sandbox/engines/neo4j/data/load.ts';
import { createDataset } from '../../../seeds/create-dataset.ts';
import type { DatasetSize } from '../../../seeds/dataset.ts';

interface Message {
  readonly running: RunningEngine;
  readonly size: DatasetSize;
  readonly at: number | string;
}

/**
 * Imports a dataset of `size` into the engine that the parent's message describes, and kills its own process as it comes
 * to `at`: a number of rows, or what the load says of itself.
 */
process.once('message', async ({ running, size, at }: Message) => {
  const report = {
    advance({ done, text }: { readonly done?: number; readonly text?: string }) {
      if (typeof at === 'number' ? (done ?? 0) >= at : text === at) process.kill(process.pid, 'SIGKILL');
    },
    summarise() {},
  };
  await load(running, createDataset({ size }), report, { importFrom: 0 });
  process.disconnect();
});
