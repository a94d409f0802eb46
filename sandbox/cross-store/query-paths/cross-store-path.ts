import type { Dataset } from '../../../seeds/dataset.ts';
import { AsyncDisposableStack } from '../../core/disposable-stack.ts';
import type { Engine } from '../../engines/contract/engine.ts';
import type { PlatformReadName, PlatformReads } from '../../engines/contract/platform-reads.ts';
import type { PathDescription, PreparedPath } from '../../engines/contract/query-path.ts';
import type { RunningEngine } from '../../engines/contract/topology.ts';

/** An engine that runs, and what it is. */
export interface Store {
  readonly engine: Engine;
  readonly running: RunningEngine;
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

/** The stores that a path goes through, or what none of them offers. */
export function storesOf(
  { needs }: CrossStorePath,
  stores: readonly Store[],
): { readonly used: readonly Store[] } | { readonly lacking: readonly PlatformReadName[] } {
  const offered = (name: PlatformReadName) =>
    stores.find(({ engine }) => engine.bench?.platformReads?.names.includes(name));
  const lacking = needs.filter((name) => offered(name) === undefined);
  if (lacking.length > 0) return { lacking };
  return { used: [...new Set(needs.flatMap((name) => offered(name) ?? []))] };
}

/** Opens the stores of a path; they are closed with it. */
export async function prepareAcrossStores(
  path: CrossStorePath,
  stores: readonly Store[],
  dataset: Dataset | undefined,
): Promise<PreparedPath> {
  await using stack = new AsyncDisposableStack();
  const parts: Partial<PlatformReads>[] = [];
  for (const { engine, running } of stores) {
    const offered = engine.bench?.platformReads;
    if (offered !== undefined) parts.push(stack.use(await offered.open(running)));
  }
  // What a path needs is among them: it was looked for by name.
  const reads = Object.assign({}, ...parts) as PlatformReads;
  const prepared = await path.prepare({ reads, dataset });
  const kept = stack.move();
  return { ...prepared, [Symbol.asyncDispose]: () => kept[Symbol.asyncDispose]() };
}
