import { userCacheEntry } from '../../seeds/entities/caches.ts';
import { knowledgeMember, learningStyleOf, userMember } from '../../seeds/entities/embeddings.ts';
import type { CacheEntry, Knowledge, KnowledgeVector, User, UserVector } from '../../seeds/entities.ts';

/** Entities whose rows can be made from those of another one, so that the stores agree about it. */
export const parentOfDerived = {
  userVectors: 'users',
  knowledgeVectors: 'knowledge',
  cacheEntries: 'users',
} as const;

export type DerivedName = keyof typeof parentOfDerived;

/** Rows from those of the parent; `first` is the index of the first of them. */
export const derivedRows = {
  /** A vector of the cluster of the user's cell. */
  userVectors: (users: readonly User[], first: number): UserVector[] =>
    users.map(({ id, levels }, offset) => ({
      userId: id,
      siliconLevel: levels.silicon,
      interests: [],
      learningStyle: learningStyleOf(levels),
      vector: userMember(levels, first + offset),
    })),
  /** A vector of the cluster of the item's silicon level and category. */
  knowledgeVectors: (items: readonly Knowledge[], first: number): KnowledgeVector[] =>
    items.map(({ id, title, content, siliconLevel, category }, offset) => ({
      knowledgeId: id,
      title,
      content,
      siliconLevel,
      category,
      vector: knowledgeMember(siliconLevel, category, first + offset),
    })),
  /** The user's own entry; conversations and knowledge graphs are cached by the platform when they are asked for. */
  cacheEntries: (users: readonly User[]): CacheEntry[] => users.map(userCacheEntry),
} as const;
