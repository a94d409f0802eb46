import type { Conversation, ConversationMessage } from '../entities.ts';
import { conversationLengths, exponents } from '../random/distributions.ts';
import { uuidOf } from '../random/identifiers.ts';
import type { Random } from '../random/random.ts';
import { awkwardTexts, topics } from '../random/texts.ts';
import { minuteMs, referenceTime, secondMs } from '../random/times.ts';
import type { Zipf } from '../random/zipf.ts';
import { cachedConversationPeriod } from '../sizes.ts';
import type { RowMaker, World } from '../world.ts';
import { authorOf, createdNearCleanup, paragraph } from './contents.ts';

/** One conversation in this many goes on in the session of the one before it. */
const continuedPeriod = 8;

const oddMessages: Readonly<Record<number, readonly string[]>> = {
  1: [],
  2: [''],
  3: [awkwardTexts.arabic, awkwardTexts.hebrew],
  4: [awkwardTexts.emoji, awkwardTexts.quotes, awkwardTexts.whitespace],
  5: Array.from({ length: 200 }, (_, index) => `第 ${index + 1} 轮`),
};

/** Session of the conversation: not a login session, but the thread that the platform caches it under. */
function conversationSessionId(index: number): string {
  return uuidOf('conversation-session', firstOfSession(index));
}

/** A third is past the cleanup age, and half of that third is kept; the cached ones are of the last half hour. */
export function conversationMaker(world: World): RowMaker<Conversation> {
  const randomOf = world.random('conversations');
  const ranks = world.zipf(world.activeUsers, exponents.conversationsPerUser);
  const lengths = world.zipf(conversationLengths.count, exponents.messagesPerConversation);
  const ownerRandomOf = world.random('conversation-owners');
  return (index) => {
    const first = firstOfSession(index);
    const owner = authorOf(world, first, ranks, ownerRandomOf(first));
    const random = randomOf(index);
    const past = !isCachedConversation(index) && index % 3 === 1;
    const createdMs = isCachedConversation(index)
      ? referenceTime.getTime() - (1 + random.int(29)) * minuteMs
      : createdNearCleanup(past, random);
    const messages = makeMessages(world, lengths, index, createdMs, random);
    return {
      id: uuidOf('conversation', index),
      userId: world.userId(owner),
      sessionId: conversationSessionId(index),
      messages,
      context: index === 1 ? {} : { topic: random.pick(topics), language: random.pick(['zh-CN', 'en']) },
      metadata: { keep: past ? index % 6 === 1 : random.chance(0.1) },
      createdAt: new Date(createdMs),
      updatedAt: messages.at(-1)?.timestamp ?? new Date(createdMs),
    };
  };
}

function isCachedConversation(index: number): boolean {
  return index % cachedConversationPeriod === 0;
}

function firstOfSession(index: number): number {
  return index % continuedPeriod === continuedPeriod - 1 ? index - 1 : index;
}

function makeMessages(
  world: World,
  lengths: Zipf,
  index: number,
  createdMs: number,
  random: Random,
): readonly ConversationMessage[] {
  const odd = oddMessages[index];
  const length = odd?.length ?? conversationLengths.least + lengths.sample(random);
  const texts = odd ?? Array.from({ length }, () => paragraph(world, random));
  return texts.map((content, turn) => ({
    role: turn % 2 === 1 ? 'assistant' : turn === 0 && index % 50 === 6 ? 'system' : 'user',
    content,
    timestamp: new Date(Math.min(createdMs + turn * 5 * secondMs, referenceTime.getTime())),
    metadata: turn % 2 === 1 ? { model: 'taishang-s3', tokens: 20 + random.int(400) } : {},
  }));
}
