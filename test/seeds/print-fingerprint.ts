import { createDataset } from '../../seeds/create-dataset.ts';
import type { SizeName } from '../../seeds/dataset.ts';

const [size, seed] = process.argv.slice(2);
console.log(await createDataset({ size: size as SizeName, seed: Number(seed) }).fingerprint());
