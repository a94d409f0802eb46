import { text } from 'node:stream/consumers';
import { checkAcrossStores } from '../../sandbox/cross-store/check-across-stores.ts';
import type { RunningEngine } from '../../sandbox/engines/contract/topology.ts';
import { type EngineName, engineNames } from '../../sandbox/engines/engine-names.ts';
import { createDataset } from '../../seeds/create-dataset.ts';
import type { DatasetSize } from '../../seeds/dataset.ts';
import { residentBytesMax } from '../support/peak-memory.ts';
import { wholeEngines } from '../support/whole-engines.ts';

// Checks running engines against a dataset. Arguments: the size, and `hold` to hold first what every store tells, as a
// check must not. Standard input: the running engines by their names.
const [size, mode] = process.argv.slice(2);
const running = new Map(Object.entries(JSON.parse(await text(process.stdin)) as Record<string, RunningEngine>));
const engines = await wholeEngines(
  [...running.keys()].filter((name): name is EngineName => engineNames.includes(name as EngineName)),
);
const dataset = createDataset({ size: size as DatasetSize });

const held: object[] = [];
if (mode === 'hold') {
  for (const { name, data } of engines) {
    for (const read of Object.values(data.readBack)) {
      for await (const row of read(running.get(name) as RunningEngine)) held.push(row);
    }
  }
}
const { checks, differences } = await checkAcrossStores(engines, running, dataset);
console.log(JSON.stringify({ checks, differences, held: held.length, residentBytesMax: residentBytesMax() }));
