import { SandboxError } from '../core/errors.ts';
import { checkOptionsOf } from '../core/option-checks.ts';
import { checkSomeEngines } from '../engines/check-engine-names.ts';
import type { EngineName } from '../engines/engine-names.ts';
import { type CrossStoreCheck, type CrossStoreReport, checkAcrossStores } from './check-across-stores.ts';
import { checkLoadedStack, enginesOf, type LoadedStack } from './loaded-stack.ts';

export type { CrossStoreCheck, CrossStoreReport, LoadedStack };

/**
 * Reads the stores of a stack back, and holds them against its dataset and each other: each user, content, conversation and so
 * on is there once in every store that keeps it, with the same owner and levels. What was added since the load is a difference too.
 * `engines`: those that are read. Default: all of the stack.
 * Throws `BAD_OPTION` for a stack without data or an engine that it does not have, and what a store throws that cannot be read.
 *
 *     await using stack = await createStack({ engines: ['postgresql', 'redis'] });
 *     await stack.clients.redis.flushall();
 *     const { ok, differences } = await checkStack(stack); // false, [`redis: user ... is missing`, ...]
 */
export async function checkStack(
  stack: LoadedStack,
  options: { readonly engines?: readonly EngineName[] } = {},
): Promise<CrossStoreReport> {
  checkLoadedStack(stack);
  checkOptionsOf('checkStack', options, { engines: checkSomeEngines });
  const { dataset } = stack;
  if (dataset === undefined) {
    throw new SandboxError({
      code: 'BAD_OPTION',
      message: 'Nothing was loaded into the stack: there is nothing to hold its stores against.',
      next: 'Start it with data: `createStack({ size: "small" })`.',
    });
  }
  const { engines, running } = await enginesOf(stack, options.engines);
  return checkAcrossStores(engines, running, dataset);
}
