import { conversationMaker } from './conversations.ts';
import type { CacheEntry, User } from './entities.ts';
import { knowledgeMaker } from './knowledge.ts';
import { type LearnedPlan, learnedByRank } from './learned.ts';
import { cachedConversationPeriod, cachedGraphPeriod, type SizeParameters } from './sizes.ts';
import { userMaker } from './users.ts';
import { activeUserCount, type RowMaker, type World } from './world.ts';

/** Lifetimes of the specification, in seconds. */
const cacheLifetimesS = { user: 3_600, conversation: 1_800, knowledgeGraph: 21_600 } as const;

/** Items of a cached knowledge graph at most. */
const cachedItemsMax = 50;

/** One entry per user, one per recent conversation, one per tenth active user. */
export function cacheEntryCount(parameters: SizeParameters): number {
  return (
    parameters.users + cachedConversations(parameters) + Math.ceil(activeUserCount(parameters) / cachedGraphPeriod)
  );
}

/** Users come first, then conversations, then knowledge graphs. */
export function cacheEntryMaker(world: World, plan: LearnedPlan): RowMaker<CacheEntry> {
  const makeUser = userEntryMaker(world);
  const makeConversation = conversationEntryMaker(world);
  const makeGraph = graphEntryMaker(world, plan);
  const users = world.parameters.users;
  const conversations = cachedConversations(world.parameters);
  return (index) => {
    if (index < users) return makeUser(index);
    if (index < users + conversations) return makeConversation((index - users) * cachedConversationPeriod);
    return makeGraph((index - users - conversations) * cachedGraphPeriod);
  };
}

function cachedConversations(parameters: SizeParameters): number {
  return Math.ceil(parameters.conversations / cachedConversationPeriod);
}

function userEntryMaker(world: World): RowMaker<CacheEntry> {
  const makeUser = userMaker(world);
  return (index) => userCacheEntry(makeUser(index));
}

/** What the platform caches of a user. */
export function userCacheEntry(user: User): CacheEntry {
  const value = {
    id: user.id,
    username: user.username,
    email: user.email,
    silicon_level: user.levels.silicon,
    consciousness_level: user.levels.consciousness,
    thinking_level: user.levels.thinking,
  };
  return { key: `user:${user.id}`, value: JSON.stringify(value), lifetimeS: cacheLifetimesS.user };
}

function conversationEntryMaker(world: World): RowMaker<CacheEntry> {
  const makeConversation = conversationMaker(world);
  return (index) => {
    const conversation = makeConversation(index);
    const value = {
      id: conversation.id,
      user_id: conversation.userId,
      session_id: conversation.sessionId,
      messages: conversation.messages.map(({ role, content, timestamp }) => ({ role, content, timestamp })),
      updated_at: conversation.updatedAt,
    };
    return {
      key: `conversation:${conversation.sessionId}`,
      value: JSON.stringify(value),
      lifetimeS: cacheLifetimesS.conversation,
    };
  };
}

function graphEntryMaker(world: World, plan: LearnedPlan): RowMaker<CacheEntry> {
  const makeKnowledge = knowledgeMaker(world);
  const itemsOf = learnedByRank(world, plan);
  return (rank) => {
    const userId = world.userId(world.userOfRank(rank));
    const items = itemsOf(rank).slice(0, cachedItemsMax);
    const knowledge = items.map((index) => {
      const { id, title, siliconLevel, about } = makeKnowledge(index);
      return { id, title, silicon_level: siliconLevel, concepts: about.map(({ concept }) => concept) };
    });
    return {
      key: `knowledge_graph:${userId}`,
      value: JSON.stringify({ user_id: userId, knowledge }),
      lifetimeS: cacheLifetimesS.knowledgeGraph,
    };
  };
}
