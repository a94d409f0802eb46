import type { Concept, Content, Conversation, Knowledge, User } from '../../../seeds/entities.ts';
import { uuidOf } from '../../../seeds/random/identifiers.ts';
import { referenceTime } from '../../../seeds/random/times.ts';

/*
 * The n-th row of an entity that a test is given where it says nothing else: the same in every run, and none of the
 * dataset's own. Plain values: what is odd a test asks for.
 */

const times = { createdAt: referenceTime, updatedAt: referenceTime };

export function defaultUser(number: number): User {
  return {
    id: uuidOf('given-user', number),
    username: `given-user-${number}`,
    email: `given-user-${number}@example.com`,
    // Of no password: it has the form alone.
    passwordHash: `$argon2id$v=19$m=65536,t=3,p=4$${'0'.repeat(32)}$${'0'.repeat(64)}`,
    fullName: `Given User ${number}`,
    avatarUrl: null,
    phone: null,
    status: 'active',
    levels: { silicon: 1, consciousness: 1, thinking: 1 },
    ...times,
    lastLoginAt: null,
    metadata: {},
  };
}

/** By this user, and of the user's silicon level, as the dataset has it. */
export function defaultContent(number: number, owner: Pick<User, 'id' | 'levels'>): Content {
  return {
    id: uuidOf('given-content', number),
    userId: owner.id,
    contentType: 'note',
    title: `Given content ${number}`,
    content: `The text of given content ${number}.`,
    tags: [],
    metadata: {},
    siliconLevel: owner.levels.silicon,
    ...times,
  };
}

export function defaultConversation(number: number, owner: Pick<User, 'id'>): Conversation {
  return {
    id: uuidOf('given-conversation', number),
    userId: owner.id,
    sessionId: uuidOf('given-conversation-session', number),
    messages: [{ role: 'user', content: `Given message ${number}`, timestamp: referenceTime, metadata: {} }],
    context: {},
    // The platform's clean-up takes old conversations, and leaves those.
    metadata: { keep: true },
    ...times,
  };
}

export function defaultConcept(number: number): Concept {
  return {
    name: `Given concept ${number}`,
    category: 'theory',
    description: `The description of given concept ${number}.`,
    siliconLevel: 1,
    createdAt: referenceTime,
  };
}

export function defaultKnowledge(number: number, concept: Pick<Concept, 'name'>): Knowledge {
  return {
    id: `given-${number}`,
    title: `Given knowledge ${number}`,
    content: `The text of given knowledge ${number}.`,
    siliconLevel: 1,
    category: 'theory',
    about: [{ concept: concept.name, relevance: 1 }],
    ...times,
  };
}
