import { measureIsolation } from '../../../bench/isolation/measure-isolation.ts';
import { missedOf } from '../../../bench/isolation/results.ts';
import { createDataset } from '../../../seeds/create-dataset.ts';
import { withoutUndefined } from '../../core/without-undefined.ts';
import { engineNames } from '../../engines/engine-names.ts';
import { loadEngines } from '../../engines/load-engines.ts';
import { formatIsolationBench } from '../../report/bench/isolation-bench-text.ts';
import { type AttachedStack, attachStack } from '../../stack/attach/attach-stack.ts';
import { parseDurationMs, parseWholeNumber } from '../options/names.ts';
import { chosenEngines, identityOf } from '../options/stack-options.ts';
import type { ActionContext, Outcome } from '../run-action.ts';

/** Measures how fast tests come by stores of their own, on the stack that runs, beside bare loops and other tools. */
export async function benchIsolation(context: ActionContext): Promise<Outcome> {
  const { flags, progress, signal } = context;
  const rounds = flags.rounds === undefined ? undefined : parseWholeNumber(flags.rounds, 1, '--rounds');
  const budgetMs = flags.duration === undefined ? undefined : parseDurationMs(String(flags.duration), '--duration');
  const attached = await attachStack({ ...identityOf(context), ...chosenEngines(context) });
  const report = await measureIsolation({
    identity: attached.identity,
    engines: await loadEngines(engineNames.filter((name) => attached.engines.has(name))),
    running: attached.engines,
    dataset: datasetOf(attached),
    progress,
    signal,
    ...withoutUndefined({ rounds, budgetMs }),
  });
  return {
    document: report,
    text: (colors) => formatIsolationBench(report, colors),
    exitCode: flags.objectives === true && missedOf(report).length > 0 ? 1 : 0,
  };
}

/** What was loaded, where the sandbox itself has made it. */
function datasetOf({ state }: AttachedStack) {
  const known = Object.values(state.engines).find(({ dataset }) => dataset !== undefined)?.dataset;
  if (known === undefined || known.size === 'files') return undefined;
  return createDataset({ size: known.size, seed: known.seed });
}
