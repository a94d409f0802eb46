import type { TaskReport } from '../../../sandbox/core/progress.ts';
import { load as loadNeo4j } from '../../../sandbox/engines/neo4j/data/load.ts';
import { createDataset } from '../../../seeds/create-dataset.ts';
import { wholeEngine } from '../../support/whole-engines.ts';
import type { LoadUntil } from './killed-load.ts';

/** Loads what the parent's message describes, and kills its own process as it comes to `at`. */
process.once('message', async ({ name, running, world, at, imports }: LoadUntil) => {
  const report: TaskReport = {
    advance({ done = 0, total = Number.POSITIVE_INFINITY, text }) {
      if (typeof at === 'number' ? done >= at * total : text === at) process.kill(process.pid, 'SIGKILL');
    },
    summarise() {},
  };
  const dataset = createDataset(world);
  if (imports) await loadNeo4j(running, dataset, report, { importFrom: 0 });
  else await (await wholeEngine(name)).data.load(running, dataset, report);
  process.disconnect();
});
