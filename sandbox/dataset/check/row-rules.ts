import type { Entities, EntityName, Levels } from '../../../seeds/entities.ts';

/** Entities that rows of others refer to, by the field that is referred to. */
export const parentKeys = {
  users: (row: Entities['users']) => row.id,
  concepts: (row: Entities['concepts']) => row.name,
  knowledge: (row: Entities['knowledge']) => row.id,
} as const;

export type ParentName = keyof typeof parentKeys;

/**
 * What is known of a user or a knowledge item beside its key, where rows of other entities must say the same: the stores
 * are held against each other after a load.
 */
export const parentFacts: { readonly [Name in ParentName]: (row: Entities[Name]) => readonly string[] } = {
  users: ({ levels }) => [siliconFact(levels.silicon), levelsFact(levels)],
  concepts: () => [],
  knowledge: ({ siliconLevel }) => [siliconFact(siliconLevel)],
};

const siliconFact = (level: unknown) => `silicon ${level}`;
const levelsFact = ({ silicon, consciousness, thinking }: { readonly [Axis in keyof Levels]: unknown }) =>
  `levels ${JSON.stringify([silicon, consciousness, thinking])}`;

/** A row that must be there. */
interface Reference {
  readonly field: string;
  readonly to: ParentName;
  readonly key: string;
  /** What must be known of it, and the field that says so. */
  readonly fact?: { readonly field: string; readonly text: string };
}

/** What a row must be to the other rows, beside its own form. */
export interface RowRules<Row> {
  /** Fields that no two rows have alike, alone or together. */
  readonly unique: readonly (readonly (keyof Row & string)[])[];
  readonly parents: readonly ParentName[];
  readonly references: (row: Row) => readonly Reference[];
  /** The entity of which each row has one here, and how that is named: a store that lacks one disagrees with the others. */
  readonly oneOfEach?: {
    readonly of: ParentName;
    readonly field: keyof Row & string;
    readonly named: (key: string) => string;
  };
}

const user = (row: { readonly userId: string }): Reference => ({ field: 'userId', to: 'users', key: row.userId });
const owned = <Key extends string>(...unique: readonly (readonly Key[])[]) => ({
  unique,
  parents: ['users'] as const,
  references: (row: { readonly userId: string }) => [user(row)],
});
const none = () => [];

/** The rules that the dataset's own rows keep: see docs/dataset.md. */
export const rowRules: { readonly [Name in EntityName]: RowRules<Entities[Name]> } = {
  users: { unique: [['id'], ['username'], ['email']], parents: [], references: none },
  userPreferences: owned(['id'], ['userId', 'key']),
  userSessions: owned(['id'], ['sessionToken']),
  userPermissions: {
    unique: [['id'], ['userId', 'permissionName', 'resourceType', 'resourceId']],
    parents: ['users'],
    references: (row) => [
      user(row),
      ...(row.grantedBy === null ? [] : [{ field: 'grantedBy', to: 'users', key: row.grantedBy } as const]),
    ],
  },
  userLocations: owned(['id']),
  dailyActivity: owned(['userId', 'day']),
  contents: owned(['id']),
  conversations: owned(['id']),
  concepts: { unique: [['name']], parents: [], references: none },
  conceptRelations: {
    unique: [['kind', 'from', 'to']],
    parents: ['concepts'],
    references: ({ from, to }) => [
      { field: 'from', to: 'concepts', key: from },
      { field: 'to', to: 'concepts', key: to },
    ],
  },
  knowledge: {
    unique: [['id']],
    parents: ['concepts'],
    references: ({ about }) => about.map(({ concept }) => ({ field: 'about', to: 'concepts', key: concept })),
  },
  learned: {
    unique: [['userId', 'knowledgeId']],
    parents: ['users', 'knowledge'],
    references: (row) => [user(row), { field: 'knowledgeId', to: 'knowledge', key: row.knowledgeId }],
  },
  interests: {
    unique: [['userId', 'concept']],
    parents: ['users', 'concepts'],
    references: (row) => [user(row), { field: 'concept', to: 'concepts', key: row.concept }],
  },
  knowledgeVectors: {
    unique: [['knowledgeId']],
    parents: ['knowledge'],
    references: ({ knowledgeId, siliconLevel }) => [
      {
        field: 'knowledgeId',
        to: 'knowledge',
        key: knowledgeId,
        fact: { field: 'siliconLevel', text: siliconFact(siliconLevel) },
      },
    ],
    oneOfEach: { of: 'knowledge', field: 'knowledgeId', named: (key) => key },
  },
  userVectors: {
    unique: [['userId']],
    parents: ['users', 'concepts'],
    references: (row) => [
      { ...user(row), fact: { field: 'siliconLevel', text: siliconFact(row.siliconLevel) } },
      ...row.interests.map((concept) => ({ field: 'interests', to: 'concepts', key: concept }) as const),
    ],
    oneOfEach: { of: 'users', field: 'userId', named: (key) => key },
  },
  cacheEntries: {
    unique: [['key']],
    parents: ['users'],
    references: ({ key, value }) => {
      const [space, id] = [key.slice(0, key.indexOf(':')), key.slice(key.indexOf(':') + 1)];
      if (space === 'conversation') return [];
      const reference = { field: 'key', to: 'users', key: id } as const;
      return [space === 'user' ? { ...reference, fact: { field: 'value', text: cachedFact(id, value) } } : reference];
    },
    oneOfEach: { of: 'users', field: 'key', named: (key) => `user:${key}` },
  },
};

/** What a cached user says of its levels; one that is not what the platform writes says nothing. */
function cachedFact(id: string, value: string): string {
  try {
    const user = JSON.parse(value) as Readonly<Record<string, unknown>> | null;
    if (user?.id !== id) return 'another user';
    return levelsFact({
      silicon: user.silicon_level,
      consciousness: user.consciousness_level,
      thinking: user.thinking_level,
    });
  } catch {
    return 'no JSON';
  }
}
