import type { CacheEntry } from '../entities.ts';
import { cachedConversationPeriod, cachedGraphPeriod, type SizeParameters } from '../sizes.ts';
import { activeUserCount, type RowMaker, type World } from '../world.ts';
import { conversationMaker } from './conversations.ts';
import { knowledgeHeadMaker } from './knowledge.ts';
import { type LearnedPlan, learnedByRank } from './learned.ts';
import { type UserIdentity, userIdentityMaker } from './users.ts';

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
  const makeUser = userIdentityMaker(world);
  return (index) => userCacheEntry(makeUser(index));
}

/** What the platform caches of a user. */
export function userCacheEntry(user: UserIdentity): CacheEntry {
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
    // Times as text: left to JSON.stringify they cost half as much again as all the rest.
    const value = {
      id: conversation.id,
      user_id: conversation.userId,
      session_id: conversation.sessionId,
      messages: conversation.messages.map(({ role, content, timestamp }) => ({
        role,
        content,
        timestamp: timestamp.toISOString(),
      })),
      updated_at: conversation.updatedAt.toISOString(),
    };
    return {
      key: `conversation:${conversation.sessionId}`,
      value: JSON.stringify(value),
      lifetimeS: cacheLifetimesS.conversation,
    };
  };
}

function graphEntryMaker(world: World, plan: LearnedPlan): RowMaker<CacheEntry> {
  const makeHead = knowledgeHeadMaker(world);
  const itemsOf = learnedByRank(world, plan, cachedItemsMax);
  return (rank) => {
    const userId = world.userId(world.userOfRank(rank));
    const knowledge = itemsOf(rank).map((index) => {
      const { id, title, siliconLevel, concepts } = makeHead(index);
      return { id, title, silicon_level: siliconLevel, concepts };
    });
    return {
      key: `knowledge_graph:${userId}`,
      value: JSON.stringify({ user_id: userId, knowledge }),
      lifetimeS: cacheLifetimesS.knowledgeGraph,
    };
  };
}
