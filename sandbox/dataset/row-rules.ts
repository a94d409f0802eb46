import type { Entities, EntityName } from '../../seeds/entities.ts';

/** Entities that rows of others refer to, by the field that is referred to. */
export const parentKeys = {
  users: (row: Entities['users']) => row.id,
  concepts: (row: Entities['concepts']) => row.name,
  knowledge: (row: Entities['knowledge']) => row.id,
} as const;

export type ParentName = keyof typeof parentKeys;

/** A row that must be there. */
export interface Reference {
  readonly field: string;
  readonly to: ParentName;
  readonly key: string;
}

/** What a row must be to the other rows, beside its own form. */
export interface RowRules<Row> {
  /** Fields that no two rows have alike, alone or together. */
  readonly unique: readonly (readonly (keyof Row & string)[])[];
  readonly parents: readonly ParentName[];
  readonly references: (row: Row) => readonly Reference[];
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
    references: ({ knowledgeId }) => [{ field: 'knowledgeId', to: 'knowledge', key: knowledgeId }],
  },
  userVectors: {
    unique: [['userId']],
    parents: ['users', 'concepts'],
    references: (row) => [
      user(row),
      ...row.interests.map((concept) => ({ field: 'interests', to: 'concepts', key: concept }) as const),
    ],
  },
  cacheEntries: {
    unique: [['key']],
    parents: ['users'],
    references: ({ key }) =>
      /^(user|knowledge_graph):/.test(key) ? [{ field: 'key', to: 'users', key: key.slice(key.indexOf(':') + 1) }] : [],
  },
};
