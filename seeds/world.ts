import type { EntityCounts } from './dataset.ts';
import { signUpDays } from './random/distributions.ts';
import { uuidOf } from './random/identifiers.ts';
import { spreadRank } from './random/permutation.ts';
import { createPools, type Pools } from './random/pools.ts';
import { type Random, rowRandom } from './random/random.ts';
import { momentBetween } from './random/rhythm.ts';
import { dayMs, referenceTime } from './random/times.ts';
import { createZipf, type Zipf, type ZipfExponent } from './random/zipf.ts';
import { perActiveUser, quietUserPeriod, type SizeParameters } from './sizes.ts';

/** What the rows of all entities are made from. */
export interface World {
  readonly seed: number;
  readonly parameters: SizeParameters;
  readonly pools: Pools;
  /** Users who have anything. */
  readonly activeUsers: number;
  /** Index of the user who is the n-th active one. */
  readonly activeUser: (active: number) => number;
  /** The n-th active user by how much it does, 0 being the busiest: the same in each entity. */
  readonly userOfRank: (rank: number) => number;
  readonly userId: (user: number) => string;
  readonly userCreatedMs: (user: number) => number;
  readonly random: (stream: string) => (index: number) => Random;
  /** Shared: a table is made once for a count and an exponent. */
  readonly zipf: (count: number, exponent: ZipfExponent) => Zipf;
}

const firstSignUpMs = referenceTime.getTime() - signUpDays.first * dayMs;
const lastSignUpMs = referenceTime.getTime() - signUpDays.last * dayMs;

/** Ids of users that are kept: some 2 MB. */
const keptIdsMax = 16_384;

/** A row as a function of its index alone: nothing depends on what was generated before. */
export type RowMaker<Row> = (index: number) => Row;

export function createWorld(seed: number, parameters: SizeParameters): World {
  const createdRandom = rowRandom(seed, 'user-created');
  const ids = new Map<number, string>();
  const tables = new Map<string, Zipf>();
  const activeUsers = activeUserCount(parameters);
  const activeUser = (active: number) => active + Math.floor(active / (quietUserPeriod - 1));
  return {
    seed,
    parameters,
    pools: createPools(seed),
    activeUsers,
    activeUser,
    userOfRank: (rank) => activeUser(spreadRank(rank, activeUsers)),
    userId: (user) => {
      // Each row of a user asks for its id, and a UUIDv5 is a SHA-1.
      let id = ids.get(user);
      if (id === undefined) {
        id = uuidOf('user', user);
        if (ids.size >= keptIdsMax) ids.clear();
        ids.set(user, id);
      }
      return id;
    },
    userCreatedMs: (user) => momentBetween(firstSignUpMs, lastSignUpMs, createdRandom(user), 'rising'),
    random: (stream) => rowRandom(seed, stream),
    zipf: (count, exponent) => {
      const key = `${count} ${exponent}`;
      const table = tables.get(key) ?? createZipf(count, exponent);
      tables.set(key, table);
      return table;
    },
  };
}

/** Users who have anything: all but one in {@link quietUserPeriod}. */
export function activeUserCount(parameters: SizeParameters): number {
  return parameters.users - Math.floor(parameters.users / quietUserPeriod);
}

export function isQuietUser(user: number): boolean {
  return user % quietUserPeriod === quietUserPeriod - 1;
}

/** Number of rows per active user, for the entities that have a fixed number of them. */
export function perUserCounts(
  parameters: SizeParameters,
): Pick<EntityCounts, Exclude<keyof typeof perActiveUser, 'learned'>> {
  const active = activeUserCount(parameters);
  return {
    userPreferences: active * perActiveUser.userPreferences,
    userSessions: active * perActiveUser.userSessions,
    userPermissions: active * perActiveUser.userPermissions,
    userLocations: active * perActiveUser.userLocations,
    dailyActivity: active * perActiveUser.dailyActivity,
    interests: active * perActiveUser.interests,
  };
}
