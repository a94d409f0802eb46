import type { RunningEngine } from '../topology.ts';
import { outcomeOf, type Workloads } from '../workloads.ts';
import { scrollAll } from './collections.ts';
import { openClient } from './connection.ts';

/** A collection of the platform, so that its backups hold what was written. */
const collection = 'user_vectors';
const dimensions = 512;

/** Points of the set carry this in their payload, and their value as their id. */
const mark = { key: 'drill', match: { value: 'set' } } as const;

/** Qdrant has no transactions, no lists and no conditional writes: what it can be held to is a set. */
export const workloads: Workloads = {
  set: {
    prepare,
    open: async (running) => {
      const client = openClient(running);
      return {
        add: (value) =>
          outcomeOf(async () => {
            const vector = Array.from({ length: dimensions }, (_, index) => (index === value % dimensions ? 1 : 0));
            const points = [{ id: value, vector, payload: { drill: 'set' } }];
            return (await client.upsert(collection, { wait: true, points })).status === 'completed';
          }),
        readAll: async () => {
          const values: number[] = [];
          for await (const points of scrollAll(client, collection)) {
            for (const { id, payload } of points) if (payload?.drill === 'set') values.push(Number(id));
          }
          return values;
        },
        [Symbol.asyncDispose]: async () => {},
      };
    },
  },
};

async function prepare(running: RunningEngine): Promise<void> {
  await openClient(running).delete(collection, { wait: true, filter: { must: [mark] } });
}
