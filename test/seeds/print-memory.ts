import { createDataset } from '../../seeds/create-dataset.ts';
import type { DatasetSize } from '../../seeds/dataset.ts';
import type { EntityName } from '../../seeds/entities.ts';

declare const gc: () => void;

// Reads all entities side by side, as the stores do, up to so many batches of each.
const [size, batchesMax] = process.argv.slice(2);
const dataset = createDataset({ size: size as DatasetSize });
let rows = 0;
let batches = 0;
let heapBytesFirst = 0;
let heapBytesMax = 0;

function look(): void {
  gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  const usedBytes = heapUsed + arrayBuffers;
  // Once caches are full.
  if (batches === 90) heapBytesFirst = usedBytes;
  if (batches >= 90) heapBytesMax = Math.max(heapBytesMax, usedBytes);
}

async function read(name: EntityName): Promise<void> {
  let read = 0;
  for await (const batch of dataset.batches(name)) {
    rows += batch.length;
    batches += 1;
    read += 1;
    if (batches % 30 === 0) look();
    if (read >= Number(batchesMax)) break;
  }
}

await Promise.all((Object.keys(dataset.counts) as EntityName[]).map(read));
const residentBytesMax = process.resourceUsage().maxRSS * 1024;
console.log(JSON.stringify({ rows, heapBytesFirst, heapBytesMax, residentBytesMax }));
