import type { Isolation, IsolationMode } from '../../engines/contract/isolation.ts';
import { isolationModes } from '../../engines/contract/isolation-modes.ts';

/**
 * What a broker calls stores of one kind, each with a pool of its own: by their engine, and where somebody has chosen
 * another mode than its default, by that too: `redis`, `redis:server`.
 */
export function storeName(engine: string, mode?: string): string {
  return mode === undefined ? engine : `${engine}:${mode}`;
}

export function engineOfStore(store: string): string {
  return store.split(':', 1)[0] ?? store;
}

/** How stores of this name are made. Throws where their engine has no such mode, which whoever asks has checked before. */
export function modeOfStore(isolation: Isolation, store: string): IsolationMode {
  const [, mode = isolation.mode] = store.split(':', 2);
  const found = isolationModes(isolation).find((each) => each.mode === mode);
  if (found === undefined) throw new Error(`${store} is no way to have a store`);
  return found;
}

/** By engines, as people know them, what is by names of stores. */
export function byEngine<Value>(byStore: Readonly<Record<string, Value>>): Readonly<Record<string, Value>> {
  return Object.fromEntries(Object.entries(byStore).map(([store, value]) => [engineOfStore(store), value]));
}
