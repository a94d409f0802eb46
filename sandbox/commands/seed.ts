import { formatCrossStore } from '../report/cross-store-text.ts';
import { attachStack } from '../stack/attach-stack.ts';
import { createStack } from '../stack/create-stack.ts';
import type { Action } from './run-action.ts';
import { chosenEngines, identityOf, stackOptionsOf } from './stack-options.ts';

/** Loads the data into the engines that run, as they run, and checks that the stores agree. */
export const seed: Action = async (context) => {
  const attached = await attachStack({ ...identityOf(context), ...chosenEngines(context) });
  const topologies = Object.fromEntries([...attached.engines].map(([name, { topology }]) => [name, topology]));
  const options = { ...stackOptionsOf(context), engines: [...attached.engines.keys()], topologies };
  await using stack = await createStack(options);
  const { dataset, crossStore } = stack;
  const fingerprint = await dataset?.fingerprint();
  return {
    document: { version: 1, size: options.size, seed: dataset?.seed, fingerprint, counts: dataset?.counts, crossStore },
    text: (colors) => {
      const what =
        dataset === undefined ? 'nothing' : `${dataset.size}, seed ${dataset.seed}, fingerprint ${fingerprint}`;
      const checked = crossStore === undefined ? 'It was there already.\n' : formatCrossStore(crossStore, colors);
      return `Loaded: ${what}\n${checked}`;
    },
  };
};
