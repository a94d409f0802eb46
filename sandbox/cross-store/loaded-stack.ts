import type { Dataset } from '../../seeds/dataset.ts';
import { SandboxError } from '../core/errors.ts';
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
 * Throws `BAD_OPTION` for one that the stack does not have.
 */
export async function enginesOf(
  stack: LoadedStack,
  names: readonly EngineName[] = engineNames.filter((name) => Object.hasOwn(stack.engines, name)),
): Promise<{ readonly engines: readonly Engine[]; readonly running: ReadonlyMap<string, RunningEngine> }> {
  const running = names.map((name) => [name, runningOf(stack, name)] as const);
  return { engines: await loadEngines(names), running: new Map(running) };
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
