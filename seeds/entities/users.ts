import type { User } from '../entities.ts';
import { cellCount, levelsOfCell } from '../random/cells.ts';
import { exponents } from '../random/distributions.ts';
import { uuidOf } from '../random/identifiers.ts';
import type { Random } from '../random/random.ts';
import { momentBetween } from '../random/rhythm.ts';
import { awkwardTexts, longestEmail, textOfLength } from '../random/texts.ts';
import { dayMs, referenceTime } from '../random/times.ts';
import type { RowMaker, World } from '../world.ts';

/** Longest values that the specification's columns hold, in characters. */
export const userLimits = { username: 50, email: 255, fullName: 100, phone: 20, passwordHash: 255 } as const;

/** Users that are odd on purpose, by index; everything that is not named here is ordinary. */
const oddUsers: Readonly<Record<number, Partial<User>>> = {
  1: { username: '道', fullName: awkwardTexts.empty, metadata: {} },
  2: { username: textOfLength('longest-username-', userLimits.username), phone: textOfLength('0123456789', 20) },
  3: { email: longestEmail(textOfLength('local', 64)), fullName: textOfLength('太上老君', userLimits.fullName) },
  4: { fullName: awkwardTexts.emoji, username: '🧠🚀user' },
  5: { fullName: awkwardTexts.arabic, username: 'مستخدم' },
  6: { fullName: awkwardTexts.hebrew, metadata: { note: awkwardTexts.mixedDirections } },
  7: { fullName: awkwardTexts.quotes, avatarUrl: '' },
  8: {
    fullName: awkwardTexts.whitespace,
    metadata: { note: awkwardTexts.whitespace, nested: { list: [1, 'a', null] } },
  },
  9: { fullName: awkwardTexts.copyNull, avatarUrl: awkwardTexts.copyNull },
  10: { fullName: awkwardTexts.copyEnd, metadata: { copy: awkwardTexts.copyNull, quotes: awkwardTexts.quotes } },
  11: { fullName: awkwardTexts.beyondBasicPlane, username: awkwardTexts.beyondBasicPlane },
  12: { fullName: awkwardTexts.combining },
  13: { fullName: null, avatarUrl: null, phone: null, lastLoginAt: null, metadata: {} },
  14: {
    fullName: textOfLength('👩‍🚀', userLimits.fullName),
    passwordHash: textOfLength('$argon2id$', userLimits.passwordHash),
  },
  15: { phone: '' },
};

const domains = ['com', 'net', 'org'] as const;

/** Five rows in each cell in `small`: user n is of cell n modulo 216. */
export function cellOfUser(user: number): number {
  return user % cellCount;
}

/** Who a user is, and of which cell. */
export type UserIdentity = Pick<User, 'id' | 'username' | 'email' | 'levels'>;

export function userMaker(world: World): RowMaker<User> {
  const randomOf = world.random('users');
  const logins = world.zipf(500, exponents.sessionsPerDay);
  return (index) => {
    const random = randomOf(index);
    const createdMs = world.userCreatedMs(index);
    return withOddities(index, {
      id: world.userId(index),
      ...drawNames(world, index, random),
      passwordHash: `$argon2id$v=19$m=65536,t=3,p=4$${random.hex(32)}$${random.hex(64)}`,
      fullName: fullName(world, random),
      avatarUrl: random.chance(0.6) ? `https://avatars.example.com/${random.hex(16)}.png` : null,
      phone: random.chance(0.7) ? random.pick(world.pools.phones) : null,
      status: random.chance(0.9) ? 'active' : random.pick(['inactive', 'suspended'] as const),
      levels: levelsOfCell(cellOfUser(index)),
      createdAt: new Date(createdMs),
      updatedAt: new Date(momentBetween(createdMs, referenceTime.getTime(), random)),
      lastLoginAt: random.chance(0.9) ? lastLogin(createdMs, random) : null,
      metadata: {
        city: random.pick(world.pools.cities),
        newsletter: random.chance(0.4),
        logins: logins.sample(random),
      },
    });
  };
}

/** The same users as {@link userMaker} makes, in a third of its time: what is drawn last of a user is not drawn. */
export function userIdentityMaker(world: World): RowMaker<UserIdentity> {
  const randomOf = world.random('users');
  return (index) => {
    const { username, email } = drawNames(world, index, randomOf(index));
    const levels = levelsOfCell(cellOfUser(index));
    // Asked for once: `world.userId` would only keep it.
    return withOddities(index, { id: uuidOf('user', index), username, email, levels });
  };
}

/** Few users are odd: the others are not copied. */
function withOddities<Drawn extends UserIdentity>(index: number, drawn: Drawn): Drawn {
  const odd = oddUsers[index];
  return odd === undefined ? drawn : { ...drawn, ...odd };
}

/** What is drawn first of a user. */
function drawNames(world: World, index: number, random: Random): Pick<User, 'username' | 'email'> {
  const username = `${random.pick(world.pools.loginNames)}_${index.toString(36)}`;
  return { username, email: `${username}@example.${random.pick(domains)}` };
}

function fullName(world: World, random: Random): string | null {
  if (random.chance(0.05)) return null;
  return random.pick(random.chance(0.7) ? world.pools.chineseNames : world.pools.englishNames);
}

/** Within the last 60 days, but never before the user existed. */
function lastLogin(createdMs: number, random: Random): Date {
  const nowMs = referenceTime.getTime();
  return new Date(momentBetween(Math.max(createdMs, nowMs - 60 * dayMs), nowMs, random));
}
