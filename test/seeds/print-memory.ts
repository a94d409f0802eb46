import { createDataset } from '../../seeds/create-dataset.ts';

declare const gc: () => void;

const dataset = createDataset({ size: 'medium' });
const names = ['users', 'contents', 'conversations', 'knowledgeVectors', 'cacheEntries'] as const;
let rows = 0;
let heapBytesMax = 0;
let heapBytesFirst = 0;
let batches = 0;
for (const name of names) {
  for await (const batch of dataset.batches(name)) {
    rows += batch.length;
    batches += 1;
    if (batches % 5 !== 1) continue;
    gc();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    const usedBytes = heapUsed + arrayBuffers;
    if (heapBytesFirst === 0) heapBytesFirst = usedBytes;
    heapBytesMax = Math.max(heapBytesMax, usedBytes);
  }
}
console.log(JSON.stringify({ rows, heapBytesMax, heapBytesFirst }));
