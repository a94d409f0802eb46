import { linearRegression } from 'simple-statistics';
import { describe, expect, test } from 'vitest';
import { createDataset } from '../../seeds/create-dataset.ts';
import type { EntityName } from '../../seeds/entities.ts';
import { exponents, hourWeights, signUpDays, weekdayWeights } from '../../seeds/random/distributions.ts';
import { spreadRank } from '../../seeds/random/permutation.ts';
import { rowRandom } from '../../seeds/random/random.ts';
import { dayMs, referenceTime } from '../../seeds/random/times.ts';
import { createZipf, type ZipfExponent } from '../../seeds/random/zipf.ts';
import { rowsOf } from './rows.ts';

const medium = createDataset({ size: 'medium' });

/** How often each value comes, most first. */
function frequencies(values: readonly string[]): readonly number[] {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts.values()].toSorted((left, right) => right - left);
}

/** Exponent of the rank-frequency line through these ranks, which count from 0. */
function fittedExponent(counts: readonly number[], first: number, last: number): number {
  const points = counts.slice(first, last).map((count, at) => [Math.log(first + at + 1), Math.log(count)]);
  return -linearRegression(points).m;
}

const shareOfFirst = (counts: readonly number[], share: number) =>
  sum(counts.slice(0, Math.ceil(counts.length * share))) / sum(counts);
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** Cells of a user's own interest do not follow the law: each user has the one of its cell. */
async function furtherInterests(): Promise<readonly string[]> {
  const rows = await rowsOf('interests', medium);
  return rows.filter((_, index) => index % 3 !== 0).map(({ concept }) => concept);
}

describe('the rank-frequency line has the exponent that is stated for', () => {
  const cases: readonly (readonly [string, ZipfExponent, number, number, () => Promise<readonly string[]>])[] = [
    ['contents per user', exponents.contentsPerUser, 0, 200, () => ownersAfterFirst('contents')],
    ['conversations per user', exponents.conversationsPerUser, 0, 100, () => ownersAfterFirst('conversations')],
    ['sessions per user', exponents.sessionsPerUser, 0, 100, () => ownersAfterFirst('userSessions')],
    ['tags', exponents.tags, 10, 300, async () => (await rowsOf('contents', medium)).flatMap(({ tags }) => tags)],
    ['concepts related to', exponents.conceptDegree, 10, 200, () => relatedTo()],
    ['concepts of interest', exponents.conceptDegree, 0, 300, furtherInterests],
    ['items learned per user', exponents.learnedPerUser, 0, 300, () => learnedBy('userId')],
    ['learners per item', exponents.learnersPerKnowledge, 10, 500, () => learnedBy('knowledgeId')],
  ];
  test.each(cases)('%s: %d', async (_, exponent, first, last, values) => {
    const fitted = fittedExponent(frequencies(await values()), first, last);
    expect(Math.abs(fitted - exponent), `fitted ${fitted}`).toBeLessThan(0.07);
  });

  /** Each active user's first row is its own; the law is that of the rest. */
  async function ownersAfterFirst(name: 'contents' | 'conversations' | 'userSessions') {
    const rows = await rowsOf(name, medium);
    const owners = rows.map(({ userId }) => userId);
    return owners.slice(new Set(owners).size);
  }
  /** The concepts of the cells relate to their neighbours in the lattice; further ones, with a number, follow the law. */
  async function relatedTo() {
    const rows = await rowsOf('conceptRelations', medium);
    return rows.filter(({ kind, from }) => kind === 'RELATES_TO' && / \d+$/.test(from)).map(({ to }) => to);
  }
  async function learnedBy(key: 'userId' | 'knowledgeId') {
    return (await rowsOf('learned', medium)).map((row) => row[key]);
  }

  test('and a uniform sample has not', () => {
    const random = rowRandom(1, 'uniform')(0);
    const counts = frequencies(Array.from({ length: 50_000 }, () => String(random.int(1_000))));
    expect(fittedExponent(counts, 0, 200)).toBeLessThan(0.2);
  });
});

describe('few users do much', () => {
  test.each([
    ['contents', 0.25],
    ['conversations', 0.15],
    ['learned', 0.15],
  ] as const)('of %s the busiest hundredth has a share of %d and more', async (name, least) => {
    const counts = frequencies((await rowsOf(name, medium)).map(({ userId }) => userId));
    expect(shareOfFirst(counts, 0.01)).toBeGreaterThan(least);
    expect(shareOfFirst(counts, 0.01)).toBeLessThan(0.6);
  });

  test('the same ones in each entity', async () => {
    const busiest = async (name: 'contents' | 'conversations' | 'learned') => {
      const counts = Map.groupBy(await rowsOf(name, medium), ({ userId }) => userId);
      return [...counts].toSorted(([, left], [, right]) => right.length - left.length).slice(0, 3);
    };
    const names = await Promise.all((['contents', 'conversations', 'learned'] as const).map(busiest));
    expect(new Set(names.map((rows) => rows[0]?.[0])).size).toBe(1);
  });

  test('conversations are short or long', async () => {
    const lengths = (await rowsOf('conversations', medium)).slice(6).map(({ messages }) => messages.length);
    const share = (length: number) => lengths.filter((other) => other === length).length / lengths.length;
    const weights = Array.from({ length: 20 }, (_, rank) => (rank + 1) ** -exponents.messagesPerConversation);
    for (const rank of [0, 1, 4, 19]) {
      expect(share(2 + rank)).toBeCloseTo((weights[rank] as number) / sum(weights), 1.7);
    }
  });
});

describe('moments', () => {
  const moments = async (names: readonly EntityName[]) => {
    const all: Date[] = [];
    for (const name of names) {
      for (const row of await rowsOf(name, medium)) all.push((row as { readonly createdAt: Date }).createdAt);
    }
    return all;
  };

  test('follow the hours of the day', async () => {
    const hours = (await moments(['contents', 'users'])).map((moment) => moment.getUTCHours());
    for (const [hour, weight] of hourWeights.entries()) {
      const share = hours.filter((other) => other === hour).length / hours.length;
      expect(Math.abs(share - weight / 1_000), `${hour} o'clock`).toBeLessThan(0.004);
    }
  });

  test('follow the days of the week', async () => {
    const days = (await moments(['contents'])).map((moment) => moment.getUTCDay());
    for (const [day, weight] of weekdayWeights.entries()) {
      const share = days.filter((other) => other === day).length / days.length;
      expect(Math.abs(share - weight / sum(weekdayWeights)), `day ${day}`).toBeLessThan(0.006);
    }
  });

  test('of sign-ups grow with the square of time', async () => {
    const ages = (await moments(['users'])).map((moment) => (referenceTime.getTime() - moment.getTime()) / dayMs);
    expect(Math.max(...ages)).toBeLessThanOrEqual(signUpDays.first);
    expect(Math.min(...ages)).toBeGreaterThanOrEqual(signUpDays.last);
    const spanDays = signUpDays.first - signUpDays.last;
    for (const share of [0.25, 0.5, 0.75]) {
      const until = ages.filter((age) => age > signUpDays.first - share * spanDays).length / ages.length;
      expect(until).toBeCloseTo(share * share, 1.7);
    }
  });

  test('of contents grow faster than in a straight line', async () => {
    const rows = (await rowsOf('contents', medium)).filter(({ contentType }) => contentType !== 'temp');
    const ages = rows.map(({ createdAt }) => (referenceTime.getTime() - createdAt.getTime()) / dayMs);
    const quarters = [0, 1, 2, 3].map(
      (quarter) =>
        ages.filter((age) => Math.floor(((signUpDays.first - age) / signUpDays.first) * 4) === quarter).length,
    );
    expect(quarters).toEqual(quarters.toSorted((left, right) => left - right));
    expect((quarters[3] as number) / ages.length).toBeGreaterThan(0.45);
  });
});

describe('the sampler', () => {
  test.each([100, 65_536, 65_537, 300_001])('of %d ranks has shares that rise from 0 to 1', (count) => {
    const zipf = createZipf(count, 0.875);
    expect(zipf.shareBefore(0)).toBe(0);
    expect(zipf.shareBefore(count)).toBeCloseTo(1, 12);
    const weights = Array.from({ length: count }, (_, rank) => (rank + 1) ** -0.875);
    const total = sum(weights);
    for (const rank of [1, 50, Math.floor(count / 2), count - 1]) {
      expect(zipf.shareBefore(rank)).toBeCloseTo(sum(weights.slice(0, rank)) / total, 5);
    }
    const random = rowRandom(7, 'ranks')(0);
    for (let draw = 0; draw < 20_000; draw += 1) {
      const rank = zipf.sample(random);
      if (!(Number.isInteger(rank) && rank >= 0 && rank < count)) throw new Error(`rank ${rank}`);
    }
  });

  test.each([1, 2, 3, 216, 1_060, 98_114])('spreads %d ranks over all numbers', (count) => {
    expect(new Set(Array.from({ length: count }, (_, rank) => spreadRank(rank, count))).size).toBe(count);
  });
});

test('large has the vectors and edges that are promised', async () => {
  const { counts } = createDataset({ size: 'large' });
  expect(counts).toMatchObject({
    users: 100_000,
    contents: 500_000,
    conversations: 200_000,
    knowledge: 50_000,
    knowledgeVectors: 50_000,
    userVectors: 100_000,
  });
  // An item of knowledge is about one concept, two or three, in turns.
  const about = Math.floor(counts.knowledge * 2) - 1;
  expect(counts.conceptRelations + counts.learned + counts.interests + about).toBeGreaterThanOrEqual(1_000_000);
});
