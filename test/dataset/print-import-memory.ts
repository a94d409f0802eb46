import { importDataset } from '../../sandbox/dataset/import-dataset.ts';
import { rowFileOf } from '../../sandbox/dataset/read/row-file.ts';
import { createDataset } from '../../seeds/create-dataset.ts';
import { residentBytesMax } from '../support/peak-memory.ts';

/** Imports a file of concepts, and prints what was said of it and how much memory the process had at most. */
const base = createDataset({ size: { users: 1, contents: 0, conversations: 0, knowledge: 1 } });
const [path = ''] = process.argv.slice(2);
const said = await importDataset({ files: [await rowFileOf(path, 'concepts')], base }).then(
  ({ files }) => files,
  (thrown) => ({ code: thrown.code, evidence: thrown.evidence }),
);
console.log(JSON.stringify({ said, residentBytesMax: residentBytesMax() }));
