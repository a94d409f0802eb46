import type { EntityCounts } from './dataset.ts';
import { uuidOf } from './identifiers.ts';
import { createPools, type Pools } from './pools.ts';
import { type Random, rowRandom } from './random.ts';
import { perActiveUser, quietUserPeriod, type SizeParameters } from './sizes.ts';
import { dayMs, referenceTime } from './times.ts';

/** What the rows of all entities are made from. */
export interface World {
  readonly seed: number;
  readonly parameters: SizeParameters;
  readonly pools: Pools;
  /** Users who have anything. */
  readonly activeUsers: number;
  /** Index of the user who is the n-th active one. */
  readonly activeUser: (active: number) => number;
  readonly userId: (user: number) => string;
  readonly userCreatedMs: (user: number) => number;
  readonly random: (stream: string) => (index: number) => Random;
}

/** A row as a function of its index alone: nothing depends on what was generated before. */
export type RowMaker<Row> = (index: number) => Row;

export function createWorld(seed: number, parameters: SizeParameters): World {
  const createdRandom = rowRandom(seed, 'user-created');
  const ids: string[] = new Array(parameters.users);
  return {
    seed,
    parameters,
    pools: createPools(seed),
    activeUsers: activeUserCount(parameters),
    activeUser: (active) => active + Math.floor(active / (quietUserPeriod - 1)),
    userId: (user) => {
      // Each row of a user asks for its id, and a UUIDv5 is a SHA-1.
      let id = ids[user];
      if (id === undefined) {
        id = uuidOf('user', user);
        ids[user] = id;
      }
      return id;
    },
    // Growth: the square root puts twice as many sign-ups at the end of the two years as in their middle.
    userCreatedMs: (user) => {
      const share = Math.sqrt(createdRandom(user).float());
      return referenceTime.getTime() - 60 * dayMs - Math.floor((1 - share) * 730 * dayMs);
    },
    random: (stream) => rowRandom(seed, stream),
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
export function perUserCounts(parameters: SizeParameters): Pick<EntityCounts, keyof typeof perActiveUser> {
  const active = activeUserCount(parameters);
  return {
    userPreferences: active * perActiveUser.userPreferences,
    userSessions: active * perActiveUser.userSessions,
    userPermissions: active * perActiveUser.userPermissions,
    userLocations: active * perActiveUser.userLocations,
    dailyActivity: active * perActiveUser.dailyActivity,
    learned: active * perActiveUser.learned,
    interests: active * perActiveUser.interests,
  };
}
