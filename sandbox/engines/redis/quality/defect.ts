import type { QualityDefect } from '../../contract/quality.ts';
import { connect } from '../server/connection.ts';

const key = 'user:quality-defect';

/** What a cache must not keep. */
export const defect: QualityDefect = {
  check: 'redis.user.without-lifetime',
  cause: 'a cached user has no lifetime',
  plant: async (running) => {
    await using connection = await connect(running);
    await connection.client.set(key, '{}');
    return async () => {
      await using again = await connect(running);
      await again.client.del(key);
    };
  },
};
