import type { Dataset } from '../../seeds/dataset.ts';
import { SandboxError } from '../core/errors.ts';
import { badValue, checkDataset } from '../core/option-checks.ts';
import { checkEngines } from '../engines/check-engine-names.ts';
import type { Engine } from '../engines/contract/engine.ts';
import type { RunningEngine } from '../engines/contract/topology.ts';
import { type EngineName, engineNames } from '../engines/engine-names.ts';
import { loadEngines } from '../engines/load-engines.ts';

/** A stack that is looked at: what `createStack` returns is one. */
export interface LoadedStack {
  /** Where its engines are reached, by their names. */
  readonly engines: Readonly<Partial<Record<EngineName, RunningEngine>>>;
  /** What was loaded, if anything was. */
  readonly dataset: Dataset | undefined;
}

/**
 * Engines of a stack and where they are reached: these, or all, in the order of the list of engines, whichever was up first.
 * Throws `BAD_OPTION` for one that the stack does not have, `UNKNOWN_ENGINE` for one that is none.
 */
export async function enginesOf(
  stack: LoadedStack,
  asked?: readonly EngineName[],
): Promise<{ readonly engines: readonly Engine[]; readonly running: ReadonlyMap<string, RunningEngine> }> {
  checkLoadedStack(stack);
  if (asked !== undefined) checkEngines('engines', asked);
  const names = asked ?? engineNames.filter((name) => Object.hasOwn(stack.engines, name));
  const running = names.map((name) => [name, runningOf(stack, name)] as const);
  return { engines: await loadEngines(names), running: new Map(running) };
}

/** Throws `BAD_OPTION` for what is no stack, whoever gave it. */
export function checkLoadedStack(stack: unknown): asserts stack is LoadedStack {
  const { engines, dataset } = (stack ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof engines !== 'object' || engines === null) throw badValue('stack', stack, 'what `createStack` gives');
  if (dataset !== undefined) checkDataset('stack.dataset', dataset);
}

function runningOf({ engines }: LoadedStack, name: EngineName): RunningEngine {
  const running = Object.hasOwn(engines, name) ? engines[name] : undefined;
  if (running !== undefined) return running;
  throw new SandboxError({
    code: 'BAD_OPTION',
    message: `\`engines\`: the stack has no ${name}.`,
    next: `It has ${Object.keys(engines).join(', ')}.`,
  });
}
