import fc from 'fast-check';
import type { EntityName } from '../../../seeds/entities.ts';
import {
  address,
  anything,
  between,
  day,
  level,
  longText,
  object,
  spelled,
  text,
  time,
  vector,
  whole,
} from './odd-values.ts';

/** Rows of each entity that is given, as a file has them: at, within and beyond the bounds, most of them within. */
export type OddRows = Partial<Record<EntityName, readonly object[]>>;

const uuid = (space: number, number: number) =>
  `${String(space).padStart(8, 'a')}-0000-4000-8000-${String(number).padStart(12, '0')}`;
const userIds = [1, 2, 3].map((number) => uuid(1, number));
const levels = { silicon: 1, consciousness: 2, thinking: 3 };

/** Names that the schema's own graph has, and ones as long as they may be. */
const conceptNames = ['硅基生命', 'c', `c${'汉'.repeat(2_666)}`];
const knowledgeIds = ['k001', 'k', `k${'😀'.repeat(63)}`];

/** Most refer to what is there. */
const among = (names: readonly string[]) =>
  fc.oneof(
    { weight: 30, arbitrary: fc.constantFrom(...names) },
    { weight: 1, arbitrary: fc.constantFrom('', 'nobody', names[0]?.normalize('NFD').concat(' ') ?? '') },
  );
const user = spelled(fc.constantFrom(...userIds));
const nullable = (value: fc.Arbitrary<unknown>) =>
  fc.oneof({ weight: 1, arbitrary: fc.constant(null) }, { weight: 3, arbitrary: value });
const numbered = (space: number, make: (id: fc.Arbitrary<unknown>, number: number) => fc.Arbitrary<object>, rows = 2) =>
  fc.tuple(...Array.from({ length: rows }, (_, number) => make(spelled(fc.constant(uuid(space, number))), number)));

const knowledge = (id: string) =>
  fc.record({
    id: fc.constant(id),
    title: text(200),
    content: longText(2_000_000),
    siliconLevel: fc.constant(3),
    category: text(50),
    about: fc.oneof(
      {
        weight: 20,
        arbitrary: fc.array(fc.record({ concept: among(conceptNames), relevance: between(0, 1) }), {
          minLength: 1,
          maxLength: 3,
        }),
      },
      {
        weight: 1,
        arbitrary: fc
          .constantFrom(0, 1_000, 1_001)
          .map((length) => Array(length).fill({ concept: 'c', relevance: 0.5 })),
      },
    ),
    createdAt: time,
    updatedAt: time,
  });

/** A store's own level is that of the user or knowledge item nine times in ten. */
const sameLevel = (same: number) =>
  fc.oneof({ weight: 40, arbitrary: fc.constant(same) }, { weight: 1, arbitrary: level });

const userEntry = (id: string) => {
  const value = {
    id,
    silicon_level: levels.silicon,
    consciousness_level: levels.consciousness,
    thinking_level: levels.thinking,
  };
  return fc.record({
    key: fc.oneof(
      { weight: 40, arbitrary: fc.constant(`user:${id}`) },
      { weight: 1, arbitrary: fc.constantFrom(`user:${id.toUpperCase()}`, 'user:', 'session:x') },
    ),
    value: fc.oneof(
      { weight: 40, arbitrary: object.map((more) => JSON.stringify({ ...value, more })) },
      {
        weight: 1,
        arbitrary: fc.constantFrom(
          '{}',
          'null',
          'not JSON',
          JSON.stringify({ ...value, silicon_level: 4 }),
          JSON.stringify({ ...value, id: 'x' }),
        ),
      },
    ),
    lifetimeS: fc.oneof(
      { weight: 40, arbitrary: fc.constantFrom(3_600, 2_147_483_647) },
      { weight: 1, arbitrary: fc.constantFrom(0, 1, 3_599, -1, 2 ** 31) },
    ),
  });
};

const entities: Readonly<Record<EntityName, fc.Arbitrary<readonly object[]>>> = {
  users: fc.tuple(
    ...userIds.map((id, number) =>
      fc.record({
        id: fc.constantFrom(id, id.toUpperCase()),
        username: number === 0 ? fc.constant('anna') : text(50, 1),
        email: number === 0 ? fc.constant('anna@x') : text(255, 1),
        passwordHash: text(255),
        fullName: nullable(text(100)),
        avatarUrl: nullable(longText(1_000_000)),
        phone: nullable(text(20)),
        status: fc.constantFrom('active', 'inactive', 'suspended'),
        levels: fc.constant(levels),
        createdAt: time,
        updatedAt: time,
        lastLoginAt: nullable(time),
        metadata: object,
      }),
    ),
  ),
  userPreferences: numbered(
    2,
    (id) => fc.record({ id, userId: user, key: text(100), value: anything, createdAt: time, updatedAt: time }),
    3,
  ),
  userSessions: numbered(3, (id) =>
    fc.record({
      id,
      userId: user,
      sessionToken: text(255, 1),
      deviceInfo: nullable(object),
      ipAddress: address,
      userAgent: nullable(longText(1_000_000)),
      expiresAt: time,
      createdAt: time,
      lastAccessedAt: time,
    }),
  ),
  userPermissions: numbered(4, (id) =>
    fc.record({
      id,
      userId: user,
      permissionName: text(100, 1),
      resourceType: nullable(text(50)),
      resourceId: nullable(text(100)),
      grantedAt: time,
      grantedBy: nullable(user),
      expiresAt: nullable(time),
    }),
  ),
  userLocations: numbered(5, (id) =>
    fc.record({
      id,
      userId: user,
      label: text(100),
      longitude: between(-180, 180),
      latitude: between(-90, 90),
      recordedAt: time,
    }),
  ),
  dailyActivity: numbered(6, () =>
    fc.record({
      userId: user,
      day,
      siliconLevel: level,
      sessions: whole(2 ** 31 - 1),
      contents: whole(2 ** 31 - 1),
      messages: whole(2 ** 31 - 1),
    }),
  ),
  contents: numbered(7, (id) =>
    fc.record({
      id,
      userId: user,
      contentType: fc.constantFrom('article', 'note', 'bookmark', 'comment', 'temp'),
      title: text(200),
      content: fc.oneof(
        { weight: 30, arbitrary: longText(4_000_000) },
        { weight: 1, arbitrary: fc.constantFrom(16_774_000, 16_777_216, 17_000_000).map((size) => 'x'.repeat(size)) },
      ),
      tags: fc.array(text(40), { maxLength: 4 }),
      metadata: object,
      siliconLevel: level,
      createdAt: time,
      updatedAt: time,
    }),
  ),
  conversations: numbered(8, (id) =>
    fc.record({
      id,
      userId: user,
      sessionId: spelled(fc.uuid()),
      messages: fc.array(
        fc.record({
          role: fc.constantFrom('user', 'assistant', 'system'),
          content: text(40),
          timestamp: time,
          metadata: object,
        }),
        { maxLength: 2 },
      ),
      context: object,
      metadata: object.map((more) => ({ ...(more as object), keep: true })),
      createdAt: time,
      updatedAt: time,
    }),
  ),
  concepts: fc.tuple(
    ...[...conceptNames, 'z'].map((name) =>
      fc.record({
        name: fc.constant(name),
        category: longText(8_000),
        description: longText(2_000_000),
        siliconLevel: level,
        createdAt: time,
      }),
    ),
  ),
  conceptRelations: fc.array(
    fc.oneof(
      fc.record({
        kind: fc.constantFrom('RELATES_TO', 'INFLUENCES'),
        from: among(conceptNames),
        to: among(conceptNames),
        strength: between(0, 1),
        type: longText(2_000_000),
      }),
      fc.record({ kind: fc.constant('PREREQUISITE'), from: among(conceptNames), to: among(conceptNames) }),
    ),
    { minLength: 1, maxLength: 3 },
  ),
  knowledge: fc.tuple(...knowledgeIds.map(knowledge)),
  learned: fc.array(fc.record({ userId: user, knowledgeId: among(knowledgeIds), learnedAt: time }), {
    minLength: 1,
    maxLength: 3,
  }),
  interests: fc.array(fc.record({ userId: user, concept: among(conceptNames), since: time }), {
    minLength: 1,
    maxLength: 3,
  }),
  knowledgeVectors: fc.tuple(
    ...knowledgeIds.map((id) =>
      fc.record({
        knowledgeId: fc.constant(id),
        title: text(200),
        content: longText(2_000_000),
        siliconLevel: sameLevel(3),
        category: text(50),
        vector: vector(768),
      }),
    ),
  ),
  userVectors: fc.tuple(
    ...userIds.map((id) =>
      fc.record({
        userId: fc.constant(id),
        siliconLevel: sameLevel(levels.silicon),
        interests: fc.array(among(conceptNames), { maxLength: 2 }),
        learningStyle: fc.constantFrom('visual', 'auditory', 'reading', 'kinesthetic'),
        vector: vector(512),
      }),
    ),
  ),
  cacheEntries: fc.tuple(
    ...userIds.map(userEntry),
    fc.record({
      key: longText(7_900).map((end) => `conversation:${String(end)}`),
      value: fc.oneof(
        longText(1_000_000),
        object.map((value) => JSON.stringify(value)),
      ),
      lifetimeS: whole(2 ** 31 - 1),
    }),
    fc.record({
      key: among(userIds).map((id) => `knowledge_graph:${id}`),
      value: text(40),
      lifetimeS: fc.constantFrom(1_800, 21_600, 1),
    }),
  ),
};

/** Always users, concepts and knowledge, which the others refer to; any of the others. */
const optional = (Object.keys(entities) as EntityName[]).filter(
  (name) => !['users', 'concepts', 'knowledge'].includes(name),
);

export const oddRows: fc.Arbitrary<OddRows> = fc
  .tuple(
    fc.record(entities as Record<EntityName, fc.Arbitrary<readonly object[]>>),
    fc.subarray(optional, { minLength: 8 }),
  )
  .map(
    ([rows, given]) =>
      Object.fromEntries(
        ['users', 'concepts', 'knowledge', ...given].map((name) => [name, rows[name as EntityName]]),
      ) as OddRows,
  );
