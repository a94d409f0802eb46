import { createDataset } from '../../seeds/create-dataset.ts';
import type { DatasetSize } from '../../seeds/dataset.ts';
import type { EntityName } from '../../seeds/entities.ts';
import { residentBytesMax } from '../support/peak-memory.ts';

// Rate of generation alone, entity by entity. Arguments: size, number of workers; then perhaps `together` or `hash`.
const [size = 'large', workers = '0', mode = 'alone'] = process.argv.slice(2);
const dataset = createDataset({ size: size as DatasetSize, workers: Number(workers) });
const names = Object.keys(dataset.counts) as EntityName[];
const beganMs = performance.now();

if (mode === 'hash') await dataset.fingerprint();
else if (mode === 'together') await Promise.all(names.map(read));
else for (const name of names) print(name, await read(name));

const wholeMs = performance.now() - beganMs;
const rows = names.reduce((sum, name) => sum + dataset.counts[name], 0);
const { userCPUTime, systemCPUTime } = process.resourceUsage();
const main = process.threadCpuUsage();
print(`all, ${mode}`, { rows, bytes: 0, ms: wholeMs });
console.log(
  `processor: ${seconds(userCPUTime + systemCPUTime)} s, of which this thread ${seconds(main.user + main.system)} s; ` +
    `memory at most ${Math.round(residentBytesMax() / 1e6)} MB`,
);

/** Bytes are those of the first batch as JSON, vectors as they are in memory, carried over to all rows. */
async function read(name: EntityName): Promise<{ rows: number; bytes: number; ms: number }> {
  const startMs = performance.now();
  let rows = 0;
  let bytesPerRow = 0;
  for await (const batch of dataset.batches(name)) {
    if (rows === 0) bytesPerRow = bytesOf(batch) / batch.length;
    rows += batch.length;
  }
  return { rows, bytes: rows * bytesPerRow, ms: performance.now() - startMs };
}

function bytesOf(rows: readonly object[]): number {
  return rows.reduce((sum, row) => {
    const { vector, ...rest } = row as { readonly vector?: Float32Array };
    return sum + Buffer.byteLength(JSON.stringify(rest)) + (vector?.byteLength ?? 0);
  }, 0);
}

function print(name: string, { rows, bytes, ms }: { rows: number; bytes: number; ms: number }): void {
  const rate = `${Math.round(rows / ms).toLocaleString('en')}k rows/s`;
  const megabytes = bytes === 0 ? '' : `${(bytes / ms / 1_000).toFixed(1)} MB/s`;
  console.log(`${name.padEnd(18)} ${rows.toLocaleString('en').padStart(9)} rows ${rate.padStart(14)} ${megabytes}`);
}

function seconds(microseconds: number): string {
  return (microseconds / 1e6).toFixed(1);
}
