import { type LoadBenchReport, measureLoads } from '../../../bench/load/load.ts';
import { createDataset } from '../../../seeds/create-dataset.ts';
import { loadEngines } from '../../engines/load-engines.ts';
import { formatLoadBench } from '../../report/bench/load-bench-text.ts';
import { createStack } from '../../stack/create-stack.ts';
import { badOption, parseWholeNumber } from '../options/names.ts';
import type { ActionContext, Outcome } from '../run-action.ts';

/** Measures how fast each store is loaded, against its bare loader, on a stack of this command alone. */
export async function benchLoad({ settings, flags, progress, signal }: ActionContext): Promise<Outcome> {
  const { engines: names, images, dockerInstall, size } = settings;
  if (size === 'none') throw badOption('`bench load` loads something.', 'Use --size small, medium or large.');
  const rounds = flags.rounds === undefined ? {} : { rounds: parseWholeNumber(flags.rounds, 1, '--rounds') };
  const seed = flags.seed === undefined ? {} : { seed: parseWholeNumber(flags.seed, 0, '--seed') };
  const dataset = createDataset({ size, ...seed });
  await using stack = await createStack({
    engines: names,
    size: 'none',
    connect: false,
    images,
    dockerInstall,
    progress,
    signal,
  });
  const report = await measureLoads({
    engines: await loadEngines(names),
    running: new Map(Object.entries(stack.engines)),
    dataset,
    progress,
    signal,
    ...rounds,
  });
  return {
    document: report,
    text: (colors) => formatLoadBench(report, colors),
    exitCode: hasMissed(report) ? 1 : 0,
  };
}

function hasMissed({ stores }: LoadBenchReport): boolean {
  return stores.some(({ met }) => !met);
}
