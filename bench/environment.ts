import { loadavg } from 'node:os';
import { describeMachine } from '../sandbox/core/machine.ts';
import type { RunningEngine } from '../sandbox/engines/engine.ts';
import type { Dataset } from '../seeds/dataset.ts';
import type { BenchEnvironment } from './results.ts';

/** Begins to watch what the figures of a run depend on; the returned function ends it. */
export function watchEnvironment(dataset: Dataset, running: readonly RunningEngine[]): () => BenchEnvironment {
  const loadBefore = loadavg()[0] ?? 0;
  const cpuBefore = process.cpuUsage();
  const beganMs = performance.now();
  return () => {
    const { user, system } = process.cpuUsage(cpuBefore);
    const elapsedUs = (performance.now() - beganMs) * 1_000;
    return {
      ...describeMachine(),
      dataset: { size: dataset.size, seed: dataset.seed },
      loadBefore,
      loadAfter: loadavg()[0] ?? 0,
      clientCpuShare: Math.round(((user + system) / elapsedUs) * 100) / 100,
      servers: Object.fromEntries(
        running.map(({ engine, serverVersion, image }) => [
          engine,
          `${serverVersion} (${image.origin}, ${image.digest})`,
        ]),
      ),
    };
  };
}
