import type { CapabilityName, EngineWith } from '../../sandbox/engines/contract/engine.ts';
import { hasAll, splitByCapability } from '../../sandbox/engines/contract/lacks.ts';
import { type EngineName, engineNames } from '../../sandbox/engines/engine-names.ts';
import { loadEngines } from '../../sandbox/engines/load-engines.ts';

/** What the platform's own stores are. */
export type Whole = EngineWith<'schema' | 'data' | 'backup' | 'failover' | 'bench'>;

const capabilities = ['schema', 'data', 'backup', 'failover', 'bench'] as const satisfies readonly CapabilityName[];

/** Engines that have what the tests of the platform's own stores ask for. Throws where one is without it. */
export async function wholeEngines(names: readonly EngineName[]): Promise<readonly Whole[]> {
  return (await loadEngines(names)).map((engine) => {
    if (!hasAll(engine, ...capabilities))
      throw new Error(`${engine.name} is without one of ${capabilities.join(', ')}`);
    return engine;
  });
}

/** Every engine that has it: an engine of which less is asked is none of these tests' business. */
export async function everyWholeEngine(): Promise<readonly Whole[]> {
  return splitByCapability(await loadEngines(engineNames), ...capabilities).able;
}

/** {@link wholeEngines} of one. */
export async function wholeEngine(name: EngineName): Promise<Whole> {
  const [engine] = await wholeEngines([name]);
  if (engine === undefined) throw new Error(`there is no engine ${name}`);
  return engine;
}
