import type { UserPermission, UserPreference, UserSession } from '../entities.ts';
import { exponents } from '../random/distributions.ts';
import { uuidOf } from '../random/identifiers.ts';
import type { Random } from '../random/random.ts';
import { momentBetween } from '../random/rhythm.ts';
import { awkwardTexts, textOfLength } from '../random/texts.ts';
import { dayMs, farFuture, minuteMs, referenceTime } from '../random/times.ts';
import { perActiveUser } from '../sizes.ts';
import type { RowMaker, World } from '../world.ts';

/** Longest values that the specification's columns hold, in characters. */
export const accountLimits = {
  preferenceKey: 100,
  sessionToken: 255,
  permissionName: 100,
  resourceType: 50,
  resourceId: 100,
} as const;

/** Share of a user's further sessions that expired. */
const expiredShare = 0.8;

const permissionNames = ['read', 'write', 'share', 'moderate', 'administer'] as const;
const resourceTypes = ['content', 'conversation', 'concept'] as const;

/** The n-th preference of each user, whatever its value. */
const preferences: readonly { key: string; value: (random: Random) => unknown }[] = [
  { key: 'theme', value: (random) => random.pick(['light', 'dark', 'system']) },
  { key: 'language', value: (random) => random.pick(['zh-CN', 'en', 'ar']) },
  {
    key: 'notifications',
    value: (random) => ({ email: random.chance(0.5), push: random.chance(0.5), quietHours: [22, 7] }),
  },
];

const oddPreferences: Readonly<Record<number, Partial<UserPreference>>> = {
  3: { key: textOfLength('longest-preference-key-', accountLimits.preferenceKey), value: '' },
  4: { value: {} },
  5: { value: [] },
  6: { value: 0 },
  7: { value: false },
  8: { key: awkwardTexts.arabic, value: awkwardTexts },
};

export function preferenceMaker(world: World): RowMaker<UserPreference> {
  const randomOf = world.random('preferences');
  return (index) => {
    const random = randomOf(index);
    const owner = world.activeUser(Math.floor(index / perActiveUser.userPreferences));
    const preference = preferences[index % perActiveUser.userPreferences];
    if (preference === undefined) throw new RangeError(`There is no preference for row ${index}.`);
    const createdAt = between(world.userCreatedMs(owner), random);
    return {
      id: uuidOf('preference', index),
      userId: world.userId(owner),
      key: preference.key,
      value: preference.value(random),
      createdAt,
      updatedAt: between(createdAt.getTime(), random),
      ...oddPreferences[index],
    };
  };
}

/**
 * Each active user has one session that lives until 2099, in the order of users. The busier have more of them: most of
 * those expired before the reference time.
 */
export function sessionMaker(world: World): RowMaker<UserSession> {
  const randomOf = world.random('sessions');
  const ranks = world.zipf(world.activeUsers, exponents.sessionsPerUser);
  return (index) => {
    const random = randomOf(index);
    const first = index < world.activeUsers;
    const owner = first ? world.activeUser(index) : world.userOfRank(ranks.sample(random));
    const expired = !first && random.chance(expiredShare);
    const newestMs = referenceTime.getTime() - (expired ? 8 * dayMs : 0);
    const startedMs = momentBetween(newestMs - 20 * dayMs, newestMs, random);
    // Unique by its end; 160 random bits before it, as the platform's tokens have.
    const token = `${random.hex(40)}${index.toString(16).padStart(8, '0')}`;
    return {
      id: uuidOf('session', index),
      userId: world.userId(owner),
      sessionToken: index === 2 ? token.padStart(accountLimits.sessionToken, 'f') : token,
      deviceInfo: random.chance(0.1)
        ? null
        : { os: random.pick(['iOS', 'Android', 'macOS', 'Windows', '鸿蒙']), app: '1.0' },
      ipAddress: random.chance(0.1) ? null : random.pick(random.chance(0.3) ? world.pools.ipv6 : world.pools.ipv4),
      userAgent: random.chance(0.1) ? null : random.pick(world.pools.userAgents),
      expiresAt: expired ? new Date(startedMs + 7 * dayMs) : farFuture,
      createdAt: new Date(startedMs),
      lastAccessedAt: new Date(Math.min(startedMs + random.int(60) * minuteMs, referenceTime.getTime())),
    };
  };
}

/**
 * The first permission of a user is for everything (no resource), the second for a kind of resource, the third for one:
 * so the tuples stay unique also where NULLs count as equal.
 */
export function permissionMaker(world: World): RowMaker<UserPermission> {
  const randomOf = world.random('permissions');
  return (index) => {
    const random = randomOf(index);
    const owner = world.activeUser(Math.floor(index / perActiveUser.userPermissions));
    const slot = index % perActiveUser.userPermissions;
    const grantedAt = between(world.userCreatedMs(owner), random);
    const odd = index === 5;
    return {
      id: uuidOf('permission', index),
      userId: world.userId(owner),
      permissionName: odd ? textOfLength('permission-', accountLimits.permissionName) : random.pick(permissionNames),
      resourceType:
        slot === 0 ? null : odd ? textOfLength('类型', accountLimits.resourceType) : random.pick(resourceTypes),
      resourceId: slot < 2 ? null : odd ? textOfLength('id-', accountLimits.resourceId) : random.hex(12),
      grantedAt,
      grantedBy: random.chance(0.3) ? null : world.userId(0),
      expiresAt: random.chance(0.2) ? new Date(grantedAt.getTime() + 30 * dayMs) : null,
    };
  };
}

/** A moment from this one up to the reference time. */
function between(fromMs: number, random: Random): Date {
  return new Date(momentBetween(fromMs, referenceTime.getTime(), random));
}
