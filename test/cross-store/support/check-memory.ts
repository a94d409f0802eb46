import { join } from 'node:path';
import type { CrossStoreCheck } from '../../../sandbox/cross-store/check-across-stores.ts';
import type { RunningEngine } from '../../../sandbox/engines/contract/topology.ts';
import type { DatasetSize } from '../../../seeds/dataset.ts';
import { runAsSandbox } from '../../support/as-sandbox.ts';

/** What a peak may grow by from few things to many. Streamed it grows by 8 to 41 MB, held by 82 to 125 MB. */
export const growthBytesMax = 60e6;

interface Measured {
  readonly checks: readonly CrossStoreCheck[];
  readonly differences: readonly string[];
  readonly held: number;
  readonly residentBytesMax: number;
}

/** A check of one engine against a dataset, in a process of its own. `hold`: it holds first what the store tells. */
export async function measure(running: RunningEngine, size: DatasetSize, mode = 'stream'): Promise<Measured> {
  const program = join(import.meta.dirname, '..', 'print-check-memory.ts');
  const input = JSON.stringify({ [running.engine]: running });
  return JSON.parse(await runAsSandbox(program, [size, mode], { input })) as Measured;
}

/** The lower peak of two, since a peak depends on when garbage was collected as well. */
export async function measureTwice(running: RunningEngine, size: DatasetSize): Promise<Measured> {
  const [first, second] = [await measure(running, size), await measure(running, size)];
  return first.residentBytesMax < second.residentBytesMax ? first : second;
}
