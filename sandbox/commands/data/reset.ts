import { SandboxError } from '../../core/errors.ts';
import { formatCrossStore } from '../../report/stack/cross-store-text.ts';
import { createStack } from '../../stack/create-stack.ts';
import { requireWholeSchemas } from '../../stack/furnish/schema-gaps.ts';
import type { StackOptions } from '../../stack/stack-options.ts';
import { presentOptionsOf } from '../options/stack-options.ts';
import type { Action } from '../run-action.ts';
import { type StackLayout, stackLayout } from '../stack/stack-layout.ts';

/**
 * Brings schemas and data of the engines that the stack runs with back to what was loaded last, with the size and seed of
 * then. What one that was left out holds is not lost by the way.
 */
export const reset: Action = async (context) => {
  const { engines, leftOut, topologies, datasets } = await stackLayout(context);
  const options = { ...presentOptionsOf(context), engines, topologies, ...loadedLast(datasets), reset: true };
  await using stack = await createStack(options);
  const { dataset, crossStore, schemaGaps } = stack;
  requireWholeSchemas(schemaGaps);
  const what = dataset === undefined ? 'the schemas, without data' : `${dataset.size}, seed ${dataset.seed}`;
  return {
    document: { version: 1, engines, leftOut, size: options.size, seed: dataset?.seed, crossStore },
    text: (colors) =>
      `Back to: ${what}\n${leftOutText(leftOut)}${crossStore === undefined ? '' : formatCrossStore(crossStore, colors)}`,
    exitCode: crossStore?.ok === false ? 1 : 0,
  };
};

function leftOutText(engines: readonly string[]): string {
  return engines.length === 0 ? '' : `As they are, left out when the stack was started: ${engines.join(', ')}\n`;
}

function loadedLast([first, ...others]: StackLayout['datasets']): Pick<StackOptions, 'size' | 'seed'> {
  if (first === undefined) return { size: 'none' };
  const { size, seed } = first;
  if (size === 'files' || others.some((other) => other.fingerprint !== first.fingerprint)) {
    throw new SandboxError({
      code: 'DATASET_DIFFERENT',
      message:
        size === 'files'
          ? 'The stack holds rows of files, which are not kept.'
          : 'The engines of the stack hold different datasets.',
      next: 'Name what they are to hold: `npm run sandbox -- seed --reset --size small`, or `--from` with the files. That DELETES what they hold.',
    });
  }
  return { size, seed };
}
