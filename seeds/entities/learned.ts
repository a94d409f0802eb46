import type { Learned } from '../entities.ts';
import { exponents } from '../random/distributions.ts';
import { spreadRank } from '../random/permutation.ts';
import { momentBetween } from '../random/rhythm.ts';
import { dayMs, referenceTime } from '../random/times.ts';
import { createZipf, lastAtMost, sampleDifferent } from '../random/zipf.ts';
import { perActiveUser, type SizeParameters } from '../sizes.ts';
import { activeUserCount, type RowMaker, type World } from '../world.ts';
import { knowledgeId } from './knowledge.ts';

/** How many items each active user has learned, by its rank. */
export interface LearnedPlan {
  readonly rows: number;
  /** Items of the user of a rank. */
  readonly itemsOf: (rank: number) => number;
  /** Whose row an index is, and which of that user's. */
  readonly placeOf: (index: number) => { readonly rank: number; readonly slot: number };
}

/** Items that anybody has learned at most: they are all in memory while one after the other is drawn. */
const learnedMax = 10_000;

/**
 * Each active user has learned one item; the rest is shared out by Zipf's law over the ranks, so that there are five on
 * average. Nobody learns more than half of the items, so that different ones stay easy to draw, nor more than
 * {@link learnedMax}. Kept are two numbers for each entry of the law's table, 2 MB at any count.
 */
export function learnedPlan(parameters: SizeParameters): LearnedPlan {
  const users = activeUserCount(parameters);
  const most = Math.min(learnedMax, Math.max(1, Math.floor(parameters.knowledge / 2)));
  const { entries, entryOf, firstRankOf, shareBefore } = createZipf(users, exponents.learnedPerUser);
  const rest = users * (perActiveUser.learned - 1);
  const starts = new Float64Array(entries + 1);
  const items = new Uint32Array(entries);
  for (let entry = 0; entry < entries; entry += 1) {
    const [first, next] = [firstRankOf(entry), firstRankOf(entry + 1)];
    const further = Math.floor(rest * shareBefore(next)) - Math.floor(rest * shareBefore(first));
    items[entry] = Math.min(most, 1 + Math.floor(further / (next - first)));
    starts[entry + 1] = (starts[entry] as number) + (items[entry] as number) * (next - first);
  }
  return {
    rows: starts[entries] as number,
    itemsOf: (rank) => items[entryOf(rank)] as number,
    placeOf: (index) => {
      const entry = lastAtMost(starts, index, entries);
      const offset = index - (starts[entry] as number);
      const each = items[entry] as number;
      return { rank: firstRankOf(entry) + Math.floor(offset / each), slot: offset % each };
    },
  };
}

/**
 * Indexes of the knowledge that the active user of a rank has learned, all different. Few items are learned by many.
 * `most` of them at most: the first ones.
 */
export function learnedByRank(
  world: World,
  plan: LearnedPlan,
  most = Number.POSITIVE_INFINITY,
): (rank: number) => readonly number[] {
  const total = world.parameters.knowledge;
  const items = world.zipf(total, exponents.learnersPerKnowledge);
  const randomOf = world.random('learned-items');
  return (rank) => {
    const wanted = Math.min(plan.itemsOf(rank), most);
    return sampleDifferent(items, wanted, randomOf(rank)).map((item) => spreadRank(item, total));
  };
}

/** Rows by user, the busiest first. The items of the last user are remembered: its rows come one after the other. */
export function learnedMaker(world: World, plan: LearnedPlan): RowMaker<Learned> {
  const itemsOf = learnedByRank(world, plan);
  const randomOf = world.random('learned');
  let last: { readonly rank: number; readonly items: readonly number[] } | undefined;
  return (index) => {
    const { rank, slot } = plan.placeOf(index);
    if (last?.rank !== rank) last = { rank, items: itemsOf(rank) };
    const nowMs = referenceTime.getTime();
    return {
      userId: world.userId(world.userOfRank(rank)),
      knowledgeId: knowledgeId(last.items[slot] as number),
      learnedAt: new Date(momentBetween(nowMs - 60 * dayMs, nowMs, randomOf(index))),
    };
  };
}
