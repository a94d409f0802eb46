import type { Dated } from '../../shared/load/newest-page.ts';
import type { ReachableEngine } from '../topology.ts';

/** What a page shows of a user. */
export interface ProfileUser {
  readonly id: string;
  readonly username: string;
  readonly email: string;
}

/**
 * What pages and answers of the platform are put together from, wherever it is kept: an engine offers what it is the
 * store of, and a path that goes through several stores asks for what it needs, not for engines.
 */
export interface PlatformReads {
  /** `undefined` where the cache has nothing under this id. */
  readonly cachedUser: (id: string) => Promise<ProfileUser | undefined>;
  readonly storedUser: (id: string) => Promise<ProfileUser | undefined>;
  /** The newest contents of a user, the newest first, at most twenty. */
  readonly latestContents: (userId: string) => Promise<readonly Dated[]>;
  /** Ids of the ten pieces of knowledge most like a unit vector, [768], above the platform's threshold. */
  readonly similarKnowledge: (vector: readonly number[]) => Promise<readonly string[]>;
  /** Names of the concepts that pieces of knowledge are about, those that most are about first, at most twenty. */
  readonly conceptsOfKnowledge: (ids: readonly string[]) => Promise<readonly string[]>;
  /** How many messages were said in a session. */
  readonly messagesOfSession: (sessionId: string) => Promise<number>;
  /** Some that there are, to draw parameters from where no dataset is known. */
  readonly someUserIds: (limit: number) => Promise<readonly string[]>;
  readonly someSessionIds: (limit: number) => Promise<readonly string[]>;
  readonly someKnowledgeVectors: (limit: number) => Promise<readonly (readonly number[])[]>;
}

export type PlatformReadName = keyof PlatformReads;

/** What an engine offers of it, on one connection. */
export interface OfferedReads {
  readonly names: readonly PlatformReadName[];
  /** What their answers depend on, by the names of the engine's `holdings`. Default: nothing that is checked. */
  readonly reads: Partial<Readonly<Record<PlatformReadName, readonly string[]>>>;
  /** What they need and the server does not have, for people. */
  readonly missing: (running: ReachableEngine) => Promise<readonly string[]>;
  readonly open: (running: ReachableEngine) => Promise<Partial<PlatformReads> & AsyncDisposable>;
}
