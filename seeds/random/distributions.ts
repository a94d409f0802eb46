import type { ZipfExponent } from './zipf.ts';

/** Exponents of Zipf's law, by what they are the law of. docs/dataset.md states them, test/seeds/skew.test.ts holds them. */
export const exponents = {
  contentsPerUser: 0.875,
  conversationsPerUser: 0.875,
  /** Of the sessions after each user's first. */
  sessionsPerUser: 0.75,
  messagesPerConversation: 1.25,
  tags: 1,
  /** Edges into a concept: RELATES_TO, INTERESTED_IN and ABOUT. */
  conceptDegree: 0.75,
  /** LEARNED edges of a user, after its first. */
  learnedPerUser: 0.75,
  /** LEARNED edges into an item of knowledge. */
  learnersPerKnowledge: 0.75,
  sessionsPerDay: 1.25,
} as const satisfies Readonly<Record<string, ZipfExponent>>;

/** Tags that contents pick from. */
export const tagCount = 512;

/** Messages of a conversation: the least, and how many different lengths there are. */
export const conversationLengths = { least: 2, count: 20 } as const;

/**
 * Activity by hour of the day in UTC, in thousandths. Most users live in UTC+8: the evening there is the peak, and the
 * night there the trough at 19 to 21 o'clock UTC.
 */
export const hourWeights: readonly number[] = [
  46, 55, 57, 53, 51, 49, 51, 53, 53, 49, 51, 61, 73, 77, 65, 39, 18, 10, 6, 5, 5, 8, 19, 46,
];

/** Activity by day of the week in UTC, Sunday first as `Date` counts, against the busiest day's 100. */
export const weekdayWeights: readonly number[] = [72, 97, 100, 100, 99, 95, 78];

/** Days before the reference time in which users signed up: the rate of sign-ups grows from 0 in a straight line. */
export const signUpDays = { first: 790, last: 60 } as const;
