import type { Dataset } from '../../../seeds/dataset.ts';
import {
  absentIds,
  hotAndCold,
  notOurData,
  rowsWhere,
  usersByActivity,
} from '../../engines/contract/bench/path-parameters.ts';
import type { PlatformReads, ProfileUser } from '../../engines/contract/bench/platform-reads.ts';
import { type HopListener, type PreparedPath, usualShares } from '../../engines/contract/bench/query-path.ts';
import { preparePath } from '../../engines/shared/bench/prepare-path.ts';
import { type Dated, newestPageText, pageText } from '../../engines/shared/load/newest-page.ts';
import type { CrossStoreContext, CrossStorePath } from './cross-store-path.ts';
import { hopsCheck, timedHops } from './hops.ts';

interface Visit {
  readonly userId: string;
  /** What the cache is asked for: the user's id, or one that it holds nothing under, as if the entry had expired. */
  readonly cacheId: string;
}

interface Profile {
  readonly user: ProfileUser | undefined;
  readonly contents: readonly Dated[];
}

/** Contents on the page. */
const pageSize = 20;

const hops = { cache: 'cached user', store: 'stored user', contents: 'latest contents' } as const;

export const userProfile: CrossStorePath = {
  name: 'user profile page',
  description: 'A user from the cache, else from the store, and the newest contents: three stores at most.',
  plan: `${hops.cache}, then ${hops.contents}; ${hops.store} in between where the cache has nothing`,
  shares: usualShares,
  objective: { p99Ms: 100 },
  needs: ['cachedUser', 'storedUser', 'latestContents', 'someUserIds'],
  prepare,
};

async function prepare({ reads, dataset }: CrossStoreContext): Promise<PreparedPath> {
  const ids = dataset === undefined ? await reads.someUserIds(1_000) : await usersByActivity(dataset);
  const { hot, cold } = hotAndCold(ids);
  const request = (visit: Visit, onHop?: HopListener) => profileOf(reads, visit, onHop);
  return preparePath<Visit, Profile>({
    parameters: {
      hot: hot.map((userId) => ({ userId, cacheId: userId })),
      cold: cold.map((userId) => ({ userId, cacheId: `sandbox-bench-not-cached:${userId}` })),
      absent: absentIds().map((userId) => ({ userId, cacheId: userId })),
    },
    shares: usualShares,
    request,
    // The same reads, one after the other, and nothing of what is made of them.
    bare: async ({ userId, cacheId }) => {
      if ((await reads.cachedUser(cacheId)) === undefined) await reads.storedUser(userId);
      await reads.latestContents(userId);
    },
    plan: async (visit, kind) => {
      // Whoever is cached is told by the cache: its entries live for an hour.
      const isCached = (await reads.cachedUser(visit.cacheId)) !== undefined;
      const store = isCached ? [] : [hops.store];
      const contents = kind === 'absent' ? [] : [hops.contents];
      return hopsCheck((onHop) => request(visit, onHop), [hops.cache, ...store, ...contents]);
    },
    answer: ({ user, contents }) => (user === undefined ? '' : textOf(user, pageText(contents, pageSize))),
    known: dataset === undefined ? notOurData : (asked) => knownProfiles(dataset, asked),
    dispose: async () => {},
  });
}

async function profileOf(reads: PlatformReads, { userId, cacheId }: Visit, onHop?: HopListener): Promise<Profile> {
  const { time } = timedHops(onHop);
  const cached = await time(hops.cache, () => reads.cachedUser(cacheId));
  const user = cached ?? (await time(hops.store, () => reads.storedUser(userId)));
  const contents = user === undefined ? [] : await time(hops.contents, () => reads.latestContents(userId));
  return { user, contents };
}

async function knownProfiles(dataset: Dataset, asked: readonly Visit[]): Promise<readonly string[]> {
  const ids = new Set(asked.map(({ userId }) => userId));
  const users = await rowsWhere(dataset, 'users', ({ id }) => ids.has(id));
  const contents = await rowsWhere(dataset, 'contents', ({ userId }) => ids.has(userId));
  return asked.map(({ userId }) => {
    const user = users.find(({ id }) => id === userId);
    const own = contents.filter((content) => content.userId === userId);
    return user === undefined ? '' : textOf(user, newestPageText(own, pageSize));
  });
}

function textOf({ id, username, email }: ProfileUser, contents: string): string {
  return `${id} ${username} ${email}\n${contents}`;
}
