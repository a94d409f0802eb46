import type { Engine } from '../sandbox/engines/contract/engine.ts';
import type { RunningEngine } from '../sandbox/engines/contract/topology.ts';
import type { Dataset } from '../seeds/dataset.ts';
import type { CaseResult } from './results.ts';
import { notRun, runCase } from './run-case.ts';
import type { SuiteContext } from './suite-context.ts';

const suite = 'contract';

/** Asks every promise of an engine's schema of a stack that holds the dataset, one after the other. */
export async function runContractSuite(
  engine: Engine,
  running: RunningEngine,
  dataset: Dataset,
  context: SuiteContext,
): Promise<readonly CaseResult[]> {
  const { topology, image } = running;
  const place = { suite, engine: engine.name, topology, origin: image.origin };
  const results: CaseResult[] = [];
  for (const { name, notRunOn, run } of engine.schema?.contract ?? []) {
    const reason = notRunOn?.[image.origin];
    results.push(
      reason === undefined
        ? await runCase(place, name, context, () => run(running, dataset))
        : notRun(place, name, reason),
    );
  }
  return results;
}
