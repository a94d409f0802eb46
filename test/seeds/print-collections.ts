import { constants, type NodeGCPerformanceDetail, type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks';
import { createDataset } from '../../seeds/create-dataset.ts';

// Reads the cache entries of `large` twice, and prints how often everything was collected meanwhile, not only what is young.
let collections = 0;
const observer = new PerformanceObserver((list) => {
  // The types do not know that such entries have details.
  for (const entry of list.getEntries() as (PerformanceEntry & { readonly detail: NodeGCPerformanceDetail })[]) {
    if (entry.detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) collections += 1;
  }
});
observer.observe({ entryTypes: ['gc'] });
const { batches } = createDataset({ size: 'large' });
let rows = 0;
for (let pass = 0; pass < 2; pass += 1) for await (const batch of batches('cacheEntries')) rows += batch.length;
// Entries come in a turn of the event loop of their own.
await new Promise((resolve) => setImmediate(resolve));
console.log(JSON.stringify({ rows, collections }));
