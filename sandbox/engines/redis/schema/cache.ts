import type { RedisClient } from '../server/client.ts';

/** Lifetimes of the platform's three key spaces, in seconds: 1 h, 30 min, 6 h. */
export const lifetimesS = { user: 3_600, conversation: 1_800, knowledge_graph: 21_600 } as const;

export type KeySpace = keyof typeof lifetimesS;

export const keySpaces = Object.keys(lifetimesS) as readonly KeySpace[];

export function cacheKey(space: KeySpace, id: string): string {
  return `${space}:${id}`;
}

/** Caches a user by its id for an hour. */
export async function cacheUser(client: RedisClient, userId: string, user: object): Promise<void> {
  await write(client, 'user', userId, user);
}

/** Caches a conversation by its session's id for 30 minutes. */
export async function cacheConversation(client: RedisClient, sessionId: string, conversation: object): Promise<void> {
  await write(client, 'conversation', sessionId, conversation);
}

/** Caches a user's part of the knowledge graph by the user's id for 6 hours. */
export async function cacheKnowledgeGraph(client: RedisClient, userId: string, graph: object): Promise<void> {
  await write(client, 'knowledge_graph', userId, graph);
}

/** What is cached, or `undefined` where nothing is. */
export async function readCached(client: RedisClient, space: KeySpace, id: string): Promise<unknown> {
  const text = await client.get(cacheKey(space, id));
  return text === null ? undefined : JSON.parse(text);
}

async function write(client: RedisClient, space: KeySpace, id: string, value: object): Promise<void> {
  await client.set(cacheKey(space, id), JSON.stringify(value), 'EX', lifetimesS[space]);
}
