import type { Dataset } from '../../../seeds/dataset.ts';
import { AsyncDisposableStack } from '../../core/disposable-stack.ts';
import type { PlatformReadName, PlatformReads } from '../../engines/contract/bench/platform-reads.ts';
import type { PathDescription, PreparedPath } from '../../engines/contract/bench/query-path.ts';
import type { Engine } from '../../engines/contract/engine.ts';
import type { ReachableEngine } from '../../engines/contract/topology.ts';

/** An engine that runs, and what it is. */
export interface Store {
  readonly engine: Engine;
  readonly running: ReachableEngine;
}

export interface CrossStoreContext {
  readonly reads: PlatformReads;
  readonly dataset: Dataset | undefined;
}

/** A path that goes through several stores: it says what it reads, and not where that is kept. */
export interface CrossStorePath extends PathDescription {
  readonly needs: readonly PlatformReadName[];
  readonly prepare: (context: CrossStoreContext) => Promise<PreparedPath>;
}

/** Which store each read of a path is asked of. */
export type BoundReads = ReadonlyMap<PlatformReadName, Store>;

/** Names of the engines that reads are to be asked of, where several offer them. */
export type ChosenStores = Partial<Readonly<Record<PlatformReadName, string>>>;

/**
 * Binds each read that a path needs to one store: the one that was chosen for it, else the first that offers it, in the
 * order in which the stores are given. Or what none of them offers.
 */
export function bindReads(
  { needs }: Pick<CrossStorePath, 'needs'>,
  stores: readonly Store[],
  chosen: ChosenStores = {},
): { readonly bound: BoundReads } | { readonly lacking: readonly PlatformReadName[] } {
  const bound = new Map<PlatformReadName, Store>();
  const lacking: PlatformReadName[] = [];
  for (const name of needs) {
    const wanted = chosen[name];
    const store = storesThatOffer(name, stores).find(({ engine }) => wanted === undefined || engine.name === wanted);
    if (store === undefined) lacking.push(name);
    else bound.set(name, store);
  }
  return lacking.length > 0 ? { lacking } : { bound };
}

/** The stores that can be asked for something. */
export function storesThatOffer(name: string, stores: readonly Store[]): readonly Store[] {
  return stores.filter(({ engine }) => engine.bench?.platformReads?.names.some((offered) => offered === name));
}

/** The stores that a path goes through, in the order of what it reads first. */
export function storesOf(bound: BoundReads): readonly Store[] {
  return [...new Set(bound.values())];
}

/** Opens the stores of a path, each for the reads that are bound to it; they are closed with it. */
export async function prepareAcrossStores(
  path: CrossStorePath,
  bound: BoundReads,
  dataset: Dataset | undefined,
): Promise<PreparedPath> {
  await using stack = new AsyncDisposableStack();
  const opened = new Map<Store, Partial<PlatformReads>>();
  for (const store of storesOf(bound)) {
    const offered = store.engine.bench?.platformReads;
    if (offered !== undefined) opened.set(store, stack.use(await offered.open(store.running)));
  }
  const reads = Object.fromEntries([...bound].map(([name, store]) => [name, opened.get(store)?.[name]]));
  // Each was looked for by its name.
  const prepared = await path.prepare({ reads: reads as unknown as PlatformReads, dataset });
  const kept = stack.move();
  return { ...prepared, [Symbol.asyncDispose]: () => kept[Symbol.asyncDispose]() };
}
