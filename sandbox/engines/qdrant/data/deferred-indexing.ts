import type { QdrantClient } from '@qdrant/js-client-rest';
import { deadlineMs } from '../../../core/deadlines.ts';
import { SandboxError } from '../../../core/errors.ts';
import { poll } from '../../../core/poll.ts';

/** No index is built while this is set (Qdrant documentation, "Optimizer": zero turns indexing off). */
const never = 0;

/** What the server has where nothing was asked for (Qdrant 1.20, `indexing_threshold`, in kilobytes of vectors). */
const serverDefaultKilobytes = 10_000;

type Thresholds = ReadonlyMap<string, number>;

/**
 * Turns indexing off: a vector is indexed once, after all are there, instead of again with every segment that grows.
 * Returns what was set before, in kilobytes by collection, for {@link buildIndexes}.
 */
export async function deferIndexing(client: QdrantClient, names: readonly string[]): Promise<Thresholds> {
  const before = await Promise.all(
    names.map(async (name) => {
      const { indexing_threshold: kilobytes } = (await client.getCollection(name)).config.optimizer_config;
      // What a load that was cut off has left.
      const isOff = kilobytes === never || kilobytes === null || kilobytes === undefined;
      return [name, isOff ? serverDefaultKilobytes : kilobytes] as const;
    }),
  );
  await Promise.all(names.map((name) => setThreshold(client, name, never)));
  return new Map(before);
}

/** Has the indexes built and waits until each collection is green. Throws `NODE_NOT_READY`. */
export async function buildIndexes(client: QdrantClient, thresholds: Thresholds): Promise<void> {
  await Promise.all(
    [...thresholds].map(async ([name, kilobytes]) => {
      await setThreshold(client, name, kilobytes);
      await poll(async () => (await client.getCollection(name)).status === 'green', {
        timeoutMs: deadlineMs('indexesBuilt'),
        intervalMs: 50,
        onTimeout: (last, elapsedMs) =>
          new SandboxError({
            code: 'NODE_NOT_READY',
            engine: 'qdrant',
            message: `The index of ${name} was not built within ${Math.round(elapsedMs / 1_000)} s.`,
            next: 'Run the same again: it goes on. SANDBOX_DEADLINE_FACTOR gives a slow machine more time.',
            evidence: String(last),
          }),
      });
    }),
  );
}

async function setThreshold(client: QdrantClient, name: string, kilobytes: number): Promise<void> {
  await client.updateCollection(name, { optimizers_config: { indexing_threshold: kilobytes } });
}
