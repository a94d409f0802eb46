import type { QualityDefect } from '../../contract/quality.ts';
import { readCollectionSchema } from '../schema/collections.ts';
import { openClient } from '../server/connection.ts';

const collection = 'user_vectors';

/** Nobody's id. */
const id = '00000000-0000-4000-8000-000000000000';

/** What a payload takes, and a contract does not. */
export const defect: QualityDefect = {
  check: `qdrant.${collection}.silicon-level-invalid`,
  cause: 'a user has a level of 6',
  plant: async (running) => {
    const { vectors } = await readCollectionSchema(collection);
    const vector = Array.from({ length: vectors.size }, (_, index) => (index === 0 ? 1 : 0));
    const payload = { user_id: id, silicon_level: 6, interests: [], learning_style: 'visual' };
    await openClient(running).upsert(collection, { wait: true, points: [{ id, vector, payload }] });
    return async () => {
      await openClient(running).delete(collection, { wait: true, points: [id] });
    };
  },
};
