import type { Engine } from './contract/engine.ts';
import type { EngineName } from './engine-names.ts';
import { engineEntries } from './index.ts';

/** {@link loadEngines} of one. */
export async function loadEngine(name: EngineName): Promise<Engine> {
  return (await engineEntries[name].load()) as Engine;
}

/** Loads the rooms of these engines, drivers included, side by side. In the order given. */
export async function loadEngines(names: readonly EngineName[]): Promise<readonly Engine[]> {
  return Promise.all(names.map(loadEngine));
}
