import { createDataset } from '../../seeds/create-dataset.ts';
import type { DatasetSize } from '../../seeds/dataset.ts';

// Arguments: size, seed, and the number of workers.
const [size, seed, workers] = process.argv.slice(2);
const options = { size: size as DatasetSize, seed: Number(seed) };
console.log(
  await createDataset(workers === undefined ? options : { ...options, workers: Number(workers) }).fingerprint(),
);
