import { type BenchOptions, runBenchmarks } from '../../bench/run-benchmarks.ts';
import { createDataset } from '../../seeds/create-dataset.ts';
import { SandboxError } from '../core/errors.ts';
import { benchHasFailed, formatBench } from '../report/bench-text.ts';
import { attachStack } from '../stack/attach-stack.ts';
import { loadEngines } from '../stack/load-engines.ts';
import type { Action, ActionContext, Outcome } from './run-action.ts';
import { chosenEngines, identityOf } from './stack-options.ts';

/** Measures query paths of the running stack; `startup` measures how fast a stack starts. */
export const bench: Action = async (context) => {
  const [first] = context.arguments;
  if (first === 'startup') {
    const { benchStartup } = await import('./bench-startup.ts');
    return benchStartup(context);
  }
  return benchPaths(context);
};

async function benchPaths(context: ActionContext): Promise<Outcome> {
  const attached = await attachStack({ ...identityOf(context), ...chosenEngines(context) });
  const engines = await loadEngines([...attached.engines.keys()]);
  const loaded = engines.map((engine) => attached.state.engines[engine.name]?.dataset);
  const [known] = loaded;
  if (known === undefined || loaded.some((other) => other?.fingerprint !== known.fingerprint)) throw noDataset();
  const options: BenchOptions = {
    engines,
    running: attached.engines,
    dataset: createDataset({ size: known.size, seed: known.seed }),
    paths: context.arguments,
    progress: context.progress,
    signal: context.signal,
  };
  const report = await runBenchmarks(options);
  return {
    document: report,
    text: (colors) => formatBench(report, colors),
    exitCode: benchHasFailed(report) ? 1 : 0,
  };
}

function noDataset(): SandboxError {
  return new SandboxError({
    code: 'DATASET_DIFFERENT',
    message: 'The engines do not hold one dataset: answers could not be checked.',
    next: 'Load it: `npm run sandbox -- seed`.',
  });
}
