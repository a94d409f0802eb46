import type { OfferedReads, ProfileUser } from '../../contract/bench/platform-reads.ts';
import { readCached } from '../schema/cache.ts';
import { connect } from '../server/connection.ts';

/** Users from the cache. An empty cache is none that is missing: it is asked before the store, and holds what it holds. */
export const platformReads: OfferedReads = {
  names: ['cachedUser'],
  reads: { cachedUser: ['user'] },
  missing: async () => [],
  open: async (running) => {
    const connection = await connect(running);
    return {
      cachedUser: async (id) => (await readCached(connection.client, 'user', id)) as ProfileUser | undefined,
      [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
    };
  },
};
