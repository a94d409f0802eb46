import type { Concept, Content, Conversation, Knowledge, Levels, User } from '../../../seeds/entities.ts';

/** Of a user, what is to be otherwise than by default; of the levels those that are named. */
export type GivenUser = Partial<Omit<User, 'levels'>> & { readonly levels?: Partial<Levels> };

/**
 * Makes one thing of the platform, with defaults for what is not said, and writes it into every store of the test that
 * holds it, also into those that the test opens later. Each returns the row, with its ids, once it is there.
 *
 * Each throws `BAD_OPTION` for a value that a store would not take, before anything is written, and `GIVEN_REFUSED` where a
 * store refuses the row all the same: it has such a user already.
 */
export interface Given {
  /** A user: its row, its node, its cache entry and its vector. */
  readonly user: (user?: GivenUser) => Promise<User>;
  /** A content, of a new user unless `userId` says whose. */
  readonly content: (content?: Partial<Content>) => Promise<Content>;
  /** A conversation, of a new user unless `userId` says whose. */
  readonly conversation: (conversation?: Partial<Conversation>) => Promise<Conversation>;
  readonly concept: (concept?: Partial<Concept>) => Promise<Concept>;
  /** An item of knowledge: its node and its vectors. About a new concept unless `about` says of which. */
  readonly knowledge: (knowledge?: Partial<Knowledge>) => Promise<Knowledge>;
}
