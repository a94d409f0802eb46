import { createDataset } from '../../seeds/create-dataset.ts';
import type { DatasetSize } from '../../seeds/dataset.ts';
import type { EntityName } from '../../seeds/entities.ts';
import { residentBytesMax } from '../support/peak-memory.ts';

// Reads all entities side by side, as the stores do, up to so many batches of each. Arguments: size, batches, workers.
const [size, batchesMax, workers] = process.argv.slice(2);
const dataset = createDataset({ size: size as DatasetSize, workers: Number(workers) });
let rows = 0;

async function read(name: EntityName): Promise<void> {
  let batches = 0;
  for await (const batch of dataset.batches(name)) {
    rows += batch.length;
    batches += 1;
    if (batches >= Number(batchesMax)) break;
  }
}

await Promise.all((Object.keys(dataset.counts) as EntityName[]).map(read));
console.log(JSON.stringify({ rows, residentBytesMax: residentBytesMax() }));
