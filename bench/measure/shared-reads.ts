import type { Dataset } from '../../seeds/dataset.ts';
import type { Entities, EntityName } from '../../seeds/entities.ts';

/** Values that go from one hand to another, each of which waits for the other. */
interface Handover<Value> {
  /** Resolves once the reader took it; to `false` where it reads no more. */
  readonly give: (value: Value) => Promise<boolean>;
  /** The reader has had all of it, or gets the failure. */
  readonly end: (failure?: unknown) => Promise<void>;
  readonly values: () => AsyncGenerator<Value>;
}

/**
 * The dataset, whose rows are made once for all that ask for an entity while it waits or while another pass over it is
 * under way: query paths are prepared side by side, and each reads entities from their beginning to their end. A pass
 * goes as fast as its slowest reader, holds one batch, and ends where nobody reads any more.
 * A reader that reads the same entity anew for each of its batches would wait for itself.
 */
export function shareReads(dataset: Dataset, signal: AbortSignal): Dataset {
  const waiting = new Map<EntityName, Handover<readonly object[]>[]>();
  const underWay = new Set<EntityName>();

  function begin(name: EntityName): void {
    if (underWay.has(name) || !waiting.has(name)) return;
    underWay.add(name);
    // Whoever asks in the same turn has its part in it.
    setImmediate(async () => {
      const readers = waiting.get(name) ?? [];
      waiting.delete(name);
      await pass(dataset.batches(name), readers, signal);
      underWay.delete(name);
      begin(name);
    });
  }

  async function* batches<Name extends EntityName>(name: Name): AsyncGenerator<readonly Entities[Name][]> {
    const reader = createHandover<readonly object[]>();
    waiting.set(name, [...(waiting.get(name) ?? []), reader]);
    begin(name);
    yield* reader.values() as AsyncGenerator<readonly Entities[Name][]>;
  }

  return { ...dataset, batches };
}

/** Gives every batch to every reader. */
async function pass<Batch>(
  batches: AsyncIterable<Batch>,
  readers: readonly Handover<Batch>[],
  signal: AbortSignal,
): Promise<void> {
  let failure: unknown;
  try {
    for await (const batch of batches) {
      signal.throwIfAborted();
      const taken = await Promise.all(readers.map((reader) => reader.give(batch)));
      if (!taken.includes(true)) break;
    }
  } catch (thrown) {
    failure = thrown ?? new Error('the rows could not be made');
  }
  // Not waited for: a reader is told once it asks for more.
  for (const reader of readers) reader.end(failure);
}

function createHandover<Value>(): Handover<Value> {
  let asked = Promise.withResolvers<void>();
  let given = Promise.withResolvers<{ readonly value: Value } | undefined>();
  let hasLeft = false;

  return {
    async give(value) {
      await asked.promise;
      if (hasLeft) return false;
      asked = Promise.withResolvers();
      given.resolve({ value });
      return true;
    },
    async end(failure) {
      await asked.promise;
      if (hasLeft) return;
      if (failure === undefined) given.resolve(undefined);
      else given.reject(failure);
    },
    async *values() {
      try {
        for (;;) {
          asked.resolve();
          const next = await given.promise;
          if (next === undefined) return;
          given = Promise.withResolvers();
          yield next.value;
        }
      } finally {
        hasLeft = true;
        asked.resolve();
      }
    },
  };
}
