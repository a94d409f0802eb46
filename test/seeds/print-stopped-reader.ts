import { createDataset } from '../../seeds/create-dataset.ts';

// Stops reading in the middle, as the argument says, and ends by itself: workers must not keep the process.
const [how] = process.argv.slice(2);
const dataset = createDataset({ size: 'large', workers: 2 });
const controller = new AbortController();
let rows = 0;
for await (const batch of dataset.batches('users')) {
  rows += batch.length;
  if (rows < 3_000) continue;
  if (how === 'throw') throw new Error('the store went away');
  if (how === 'abort') controller.abort();
  if (controller.signal.aborted || how === 'break') break;
}
console.log(rows);
