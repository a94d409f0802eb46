import type { ReadBack, SharedRow } from '../../contract/data.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { type CollectionName, scrollAll } from '../schema/collections.ts';
import { openClient } from '../server/connection.ts';

export const readBack: ReadBack = {
  user: (running) => read(running, 'user_vectors', 'user_id'),
  knowledge: (running) => read(running, 'knowledge_vectors', 'knowledge_id'),
};

async function* read(running: RunningEngine, name: CollectionName, idField: string): AsyncGenerator<SharedRow> {
  for await (const points of scrollAll(openClient(running), name, { payload: [idField, 'silicon_level'] })) {
    for (const { id, payload } of points) {
      const level = payload?.silicon_level;
      yield {
        id: String(payload?.[idField] ?? `point ${id}`),
        // A level that is not there must differ from every level.
        levels: { silicon: typeof level === 'number' ? level : Number.NaN },
      };
    }
  }
}
