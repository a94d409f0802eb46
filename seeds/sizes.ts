import type { SizeName } from './dataset.ts';
import { cellCount } from './random/cells.ts';

/** What a size asks for; every other count follows from these. */
export interface SizeParameters {
  readonly users: number;
  readonly contents: number;
  readonly conversations: number;
  /** Three core concepts, one for each cell of S×C×T, and further ones. */
  readonly concepts: number;
  readonly knowledge: number;
  /** Outgoing `RELATES_TO` edges of each further concept. */
  readonly relationsPerConcept: number;
}

/** Counts that take the place of a size's own. */
export type SizeCounts = Partial<SizeParameters>;

/** Concepts that the specification's initial graph names. */
export const coreConceptCount = 3;

/** `small` has five users in each of the 216 cells; `large` has 1,000,000 relationships in its graph. */
export const sizes: Readonly<Record<SizeName, SizeParameters>> = {
  small: {
    users: 5 * cellCount,
    contents: 4_320,
    conversations: 2_160,
    concepts: coreConceptCount + cellCount,
    knowledge: 10 * cellCount,
    relationsPerConcept: 0,
  },
  medium: {
    users: 10_000,
    contents: 50_000,
    conversations: 20_000,
    concepts: 1_000,
    knowledge: 5_000,
    relationsPerConcept: 12,
  },
  large: {
    users: 100_000,
    contents: 500_000,
    conversations: 200_000,
    concepts: 5_000,
    knowledge: 50_000,
    relationsPerConcept: 24,
  },
};

export const sizeNames = Object.keys(sizes) as readonly SizeName[];

export function isSizeName(text: string): text is SizeName {
  return Object.hasOwn(sizes, text);
}

/** Rows that each user who has anything has, by entity. */
export const perActiveUser = {
  userPreferences: 3,
  userSessions: 2,
  userPermissions: 3,
  userLocations: 2,
  /** Days. */
  dailyActivity: 7,
  /** On average; see `learnedPlan`. */
  learned: 5,
  interests: 3,
} as const;

/** One user in this many has nothing: no preference, session, permission, content or relationship. */
export const quietUserPeriod = 53;

/** One conversation in this many is cached, and one active user's knowledge graph. */
export const cachedConversationPeriod = 20;
export const cachedGraphPeriod = 10;
