import { rawNumber } from '../../sandbox/dataset/read/exact-number.ts';
import type { EntityName } from '../../seeds/entities.ts';

export type Row = Readonly<Record<string, unknown>>;

/** Two UTF-16 units, four bytes of UTF-8 and one character to PostgreSQL. */
const wide = '😀';
const first = '0001-01-01T00:00:00Z';
const last = '9999-12-31T23:59:59.999Z';
const at = '2026-03-04T05:06:07.089Z';

const uuid = (number: number) => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
const userId = (number: number) => uuid(number + 1);
const conceptName = (number: number) => `${number}${'汉'.repeat(2_666)}`.slice(0, 2_666);
const knowledgeId = (number: number) => `${number}${wide.repeat(63)}`;

/** JSON of so many levels, the outermost included. */
function nested(levels: number): unknown {
  let value: unknown = {};
  for (let level = 1; level < levels; level += 1) value = (levels - level) % 2 === 0 ? [value] : { inner: value };
  return value;
}

/** Text of so many bytes that takes more of them in every form that it passes through. */
const dense = (bytes: number) => '"\\\u0001\n'.repeat(bytes / 4);

/** A document that is just below what MongoDB takes. */
const longestContent = 16 * 2 ** 20 - 1_024 - 1_100;

/** Numbers that no double has, and that `jsonb` and BSON keep. */
const decimals = {
  id: rawNumber('9007199254740993'),
  big: rawNumber('1e400'),
  fine: rawNumber('0.1234567890123456789'),
};
const longs = { most: rawNumber('9223372036854775807'), least: rawNumber('-9223372036854775808') };

const numbers = [0, -0, 5e-324, 1.7976931348623157e308, -1.5, 2 ** 53 - 1, 2 ** 31, 2 ** 53 + 2];
const keys = {
  '': 1,
  $set: 1,
  'a.b': 1,
  '$a.b': { $b: [] },
  ' ': null,
  [wide]: wide,
  // A list under a name that every object inherits.
  constructor: [{ list: [] }],
  toJSON: 1,
  length: 0,
};

const users = [0, 1, 2].map((number) => ({
  id: number === 1 ? userId(1).toUpperCase() : userId(number),
  username: `${number}${wide.repeat(49)}`,
  email: `${number}${wide.repeat(254)}`,
  passwordHash: number === 0 ? '' : wide.repeat(255),
  fullName: wide.repeat(100),
  avatarUrl: dense(1_000_000),
  phone: wide.repeat(20),
  status: 'active',
  levels: { silicon: number, consciousness: 0, thinking: 5 },
  createdAt: [first, '0001-01-01T08:00:00+08:00', '2024-02-29 23:59:59.1Z'][number],
  updatedAt: [last, '9999-12-31T23:59:59-00:00', at][number],
  lastLoginAt: null,
  metadata: [{ numbers, keys, decimals }, { text: dense(4_000_000) }, nested(99)][number],
}));

const vector = (size: number, ...given: readonly number[]) =>
  Array.from({ length: size }, (_, place) => given[place] ?? 0);
const float32Max = 3.4028234663852886e38;

const knowledge = [0, 1].map((number) => ({
  id: knowledgeId(number),
  title: wide.repeat(200),
  content: dense(2_000_000),
  siliconLevel: 5,
  category: wide.repeat(50),
  about: Array.from({ length: 1_000 }, () => ({ concept: conceptName(number), relevance: 5e-324 })),
  createdAt: first,
  updatedAt: last,
}));

/** Rows at the bounds of every field, of every entity; together a world on which the stores agree. */
export const rowsAtBounds: Readonly<Record<EntityName, readonly Row[]>> = {
  users,
  userPreferences: [...numbers, null, true, '', wide, [], keys, nested(99), dense(1_000_000)].map((value, number) => ({
    id: uuid(100 + number),
    userId: userId(number % 3),
    key: `${String(number).padStart(2)}${wide.repeat(98)}`,
    value,
    createdAt: first,
    updatedAt: last,
  })),
  userSessions: ['255.255.255.255', '0.0.0.0', '::', '1:2:3:4:5:6:7::', '::ffff:1.2.3.4', 'FE80::1', null].map(
    (ipAddress, number) => ({
      id: uuid(200 + number),
      userId: userId(0),
      sessionToken: `${number}${wide.repeat(254)}`,
      deviceInfo: number === 0 ? null : { keys },
      ipAddress,
      userAgent: dense(1_000_000),
      expiresAt: last,
      createdAt: first,
      lastAccessedAt: first,
    }),
  ),
  userPermissions: [wide, null].map((text, number) => ({
    id: uuid(300 + number),
    userId: userId(0),
    permissionName: wide.repeat(100),
    resourceType: text?.repeat(50) ?? null,
    resourceId: text?.repeat(100) ?? null,
    grantedAt: first,
    grantedBy: number === 0 ? null : userId(2),
    expiresAt: number === 0 ? null : last,
  })),
  userLocations: [
    [180, 90],
    [-180, -90],
    [-0, 5e-324],
    [1e-7, 0.1 + 0.2],
  ].map(([longitude, latitude], number) => ({
    id: uuid(400 + number),
    userId: userId(0),
    label: wide.repeat(100),
    longitude,
    latitude,
    recordedAt: first,
  })),
  dailyActivity: ['0001-01-01', '9999-12-31', '2024-02-29'].map((day) => ({
    userId: userId(0),
    day,
    siliconLevel: 0,
    sessions: 2_147_483_647,
    contents: 0,
    messages: 2_147_483_647,
  })),
  contents: [
    { content: 'x'.repeat(longestContent), tags: [], metadata: {} },
    {
      content: dense(5_000_000),
      tags: Array.from({ length: 1_000 }, (_, tag) => `${tag}${wide.repeat(300)}`),
      metadata: { keys, numbers, longs },
    },
    { content: '', tags: ['', '', wide], metadata: nested(99) },
  ].map((own, number) => ({
    id: uuid(500 + number),
    userId: userId(number),
    contentType: 'temp',
    title: wide.repeat(200),
    siliconLevel: 0,
    createdAt: first,
    updatedAt: last,
    ...own,
  })),
  conversations: [nested(99), keys].map((context, number) => ({
    id: uuid(600 + number),
    userId: userId(0),
    sessionId: uuid(700 + number),
    messages: Array.from({ length: number * 2_000 }, () => ({
      role: 'system',
      content: wide,
      timestamp: first,
      metadata: keys,
    })),
    context,
    metadata: { keep: false, more: keys },
    createdAt: first,
    updatedAt: last,
  })),
  concepts: [0, 1].map((number) => ({
    name: conceptName(number),
    category: `${number}${'c'.repeat(7_999)}`,
    description: dense(2_000_000),
    siliconLevel: 0,
    createdAt: [first, last][number],
  })),
  conceptRelations: [
    { kind: 'RELATES_TO', from: conceptName(0), to: conceptName(0), strength: 0, type: dense(2_000_000) },
    { kind: 'INFLUENCES', from: conceptName(0), to: conceptName(1), strength: 1, type: '' },
    { kind: 'PREREQUISITE', from: conceptName(0), to: conceptName(1) },
  ],
  knowledge,
  learned: [{ userId: userId(0), knowledgeId: knowledgeId(0), learnedAt: last }],
  interests: [{ userId: userId(0), concept: conceptName(0), since: first }],
  knowledgeVectors: knowledge.map(({ id, title, content, siliconLevel, category }, number) => ({
    knowledgeId: id,
    title,
    content: number === 0 ? '\u0001'.repeat(2_000_000) : content,
    siliconLevel,
    category,
    vector: number === 0 ? vector(768, float32Max, -float32Max, 1e-45, -0) : vector(768, 1e-45),
  })),
  userVectors: users.map(({ id }, number) => ({
    userId: id,
    siliconLevel: number,
    interests: Array.from({ length: number === 0 ? 1_000 : 0 }, () => conceptName(1)),
    learningStyle: 'visual',
    vector: number === 0 ? vector(512) : vector(512, 1, 1e-20),
  })),
  cacheEntries: [
    ...users.map(({ username, email, levels }, number) => ({
      key: `user:${userId(number)}`,
      value: JSON.stringify({
        id: userId(number),
        username,
        email,
        silicon_level: levels.silicon,
        consciousness_level: levels.consciousness,
        thinking_level: levels.thinking,
      }),
      lifetimeS: 2_147_483_647,
    })),
    { key: `conversation:${wide.repeat(1_000)}`, value: 'v'.repeat(16 * 2 ** 20), lifetimeS: 2_147_483_647 },
  ],
};

/** One step beyond a bound, each with what is said of it; the row is the first at the bounds, with this in it. */
export const beyondBounds: readonly (readonly [EntityName, Row, RegExp])[] = [
  ['users', { username: wide.repeat(51) }, /username must NOT have more than 50 characters/],
  ['users', { email: wide.repeat(256) }, /email must NOT have more than 255/],
  ['users', { id: `urn:uuid:${userId(0)}` }, /id must match format "uuid"/],
  ['users', { id: `{${userId(0)}}` }, /id must match format "uuid"/],
  ['users', { createdAt: '0000-12-31T23:59:59Z' }, /createdAt .*years? .*1 to 9999/],
  ['users', { createdAt: '0001-01-01T00:00:00+00:01' }, /1 to 9999/],
  ['users', { createdAt: '9999-12-31T23:59:59-00:01' }, /1 to 9999/],
  ['users', { createdAt: '2026-01-01T00:00:00+08' }, /createdAt must match format "date-time".*\+08:00/],
  ['users', { createdAt: '2026-01-01T00:00:00' }, /date-time/],
  ['users', { createdAt: '2026-02-29T00:00:00Z' }, /no such day/],
  ['users', { createdAt: '2026-01-01T24:00:00Z' }, /no such day or time/],
  ['users', { createdAt: '2016-12-31T23:59:60Z' }, /no such day or time/],
  ['users', { createdAt: '2026-01-01T00:00:00.000001Z' }, /finer than a millisecond/],
  ['users', { metadata: nested(100) }, /nests deeper than 100 levels/],
  ['users', { metadata: { text: 'a\0b' } }, /metadata holds the character U\+0000/],
  ['users', { metadata: { 'a\0b': 1 } }, /metadata holds the character U\+0000/],
  ['users', { metadata: { text: '\ud800' } }, /half of a surrogate pair/],
  ['userPreferences', { key: wide.repeat(101) }, /key must NOT have more than 100/],
  ['userSessions', { ipAddress: 'fe80::1%eth0' }, /ipAddress must match format/],
  ['userSessions', { ipAddress: '01.2.3.4' }, /ipAddress must match format/],
  ['userSessions', { sessionToken: wide.repeat(256) }, /sessionToken must NOT have more than 255/],
  ['userLocations', { label: wide.repeat(101) }, /label must NOT have more than 100/],
  ['userLocations', { longitude: 180.00000000000003 }, /longitude must be <= 180/],
  ['dailyActivity', { day: '0000-01-01' }, /day must match format "date"/],
  ['dailyActivity', { sessions: 2_147_483_648 }, /sessions must be <= 2147483647/],
  ['contents', { content: 'x'.repeat(longestContent + 520) }, /document of 16,\d\d\d,\d\d\d bytes; MongoDB takes/],
  ['contents', { content: 'x'.repeat(17_000_000) }, /document of 17,\d\d\d,\d\d\d bytes/],
  ['contents', { metadata: { _bsontype: 'ObjectId' } }, /`_bsontype`/],
  ['contents', { title: wide.repeat(201) }, /title must NOT have more than 200/],
  ['concepts', { name: `${conceptName(0)}汉汉` }, /name must NOT have more than 8000 bytes/],
  ['concepts', { category: 'c'.repeat(8_001) }, /category must NOT have more than 8000 bytes/],
  ['concepts', { description: 'd'.repeat(2_000_001) }, /description must NOT have more than 2000000 bytes/],
  ['knowledge', { id: wide.repeat(65) }, /id must NOT have more than 64/],
  ['knowledge', { category: wide.repeat(51) }, /category must NOT have more than 50/],
  ['knowledgeVectors', { vector: vector(768, 3.5e38) }, /vector holds a number that no float32 has, in place 1/],
  ['userVectors', { vector: vector(512, 0, 1e39) }, /vector holds a number that no float32 has, in place 2/],
  ['cacheEntries', { value: 'v'.repeat(16 * 2 ** 20 + 1) }, /value must NOT have more than 16777216 bytes/],
  ['cacheEntries', { lifetimeS: 3_599 }, /lifetimeS must be >= 3600 for a cached user/],
  ['cacheEntries', { lifetimeS: 2 ** 31 }, /lifetimeS must be <= 2147483647/],
  ['users', { metadata: { big: rawNumber('1e131073') } }, /metadata holds the number 1e131073/],
  ['contents', { metadata: { id: rawNumber('9223372036854775808') } }, /metadata holds the number 9223372036854775808/],
  ['contents', { metadata: { big: rawNumber('1e400') } }, /metadata holds the number 1e400/],
  ['contents', { metadata: { fine: rawNumber('0.1234567890123456789') } }, /0\.1234567890123456789, whose value would/],
  [
    'userLocations',
    { longitude: rawNumber('0.1234567890123456789') },
    /longitude holds the number 0\.1234567890123456789/,
  ],
  ['userLocations', { longitude: rawNumber('1e400') }, /longitude holds the number 1e400/],
  ['dailyActivity', { sessions: rawNumber('9007199254740993') }, /sessions holds the number 9007199254740993/],
];
